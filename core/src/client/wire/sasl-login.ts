import { coreError } from '../../base/error-catalogue.ts'
import type { Random } from '../../base/random.ts'
import { sameSecret, saltedPassword, scramHash, scramHmac } from '../../broker/secrets.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Connection } from './connection.ts'
import { codeName } from './refusals.ts'

export interface SaslCredentials {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

type ScramName = Exclude<SaslCredentials['mechanism'], 'PLAIN'>

/**
 * Says who the client is, before anything else is asked: PLAIN (RFC 4616) sends the password, SCRAM (RFC 5802) only a proof that the client
 * knows it, and wants one from the server.
 */
export function saslLogin(credentials: SaslCredentials, random: Random): (connection: Connection) => Promise<void> {
  return async (connection) => {
    await handshake(connection, credentials.mechanism)
    if (credentials.mechanism === 'PLAIN') await plain(connection, credentials)
    else await scram(connection, credentials.mechanism, credentials, Buffer.from(random.bytes(24)).toString('base64'))
  }
}

async function handshake(connection: Connection, mechanism: string): Promise<void> {
  const { errorCode, mechanisms } = await connection.ask('saslHandshake', { mechanism })
  if (errorCode === errorCodes.NONE) return
  const what =
    errorCode === errorCodes.ILLEGAL_SASL_STATE ? 'this listener asks nobody to log in' : 'the server has another mechanism'
  throw coreError('AUTHENTICATION_FAILED', {
    what,
    where: whereOf(connection),
    expected: mechanisms.join(', ') || 'none',
    received: mechanism,
  })
}

async function send(connection: Connection, token: Uint8Array): Promise<Uint8Array> {
  const { errorCode, errorMessage, authBytes } = await connection.ask('saslAuthenticate', { authBytes: token })
  if (errorCode === errorCodes.NONE) return authBytes
  throw failed(
    connection,
    `${codeName(errorCode)}${errorMessage === null ? '' : `: ${errorMessage.replaceAll(/\p{Cc}+/gu, ' ')}`}`,
  )
}

async function plain(connection: Connection, { username, password }: SaslCredentials): Promise<void> {
  await send(connection, Buffer.from(`\0${username}\0${password}`))
}

async function scram(
  connection: Connection,
  mechanism: ScramName,
  { username, password }: SaslCredentials,
  nonce: string,
): Promise<void> {
  const firstBare = `n=${saslName(username)},r=${nonce}`
  const first = textOf(await send(connection, Buffer.from(`n,,${firstBare}`)))
  const [, serverNonce, salt, iterations] = serverFirst.exec(first) ?? []
  if (serverNonce === undefined || !serverNonce.startsWith(nonce) || !isBearable(Number(iterations)))
    throw failed(connection, 'the first message of the server is not of SCRAM')
  const salted = saltedPassword(mechanism, password, Buffer.from(salt!, 'base64'), Number(iterations))
  const withoutProof = `c=biws,r=${serverNonce}`
  const signed = `${firstBare},${first},${withoutProof}`
  const clientKey = scramHmac(mechanism, salted, 'Client Key')
  const signature = scramHmac(mechanism, scramHash(mechanism, clientKey), signed)
  const proof = clientKey.map((byte, at) => byte ^ signature[at]!)
  const last = textOf(await send(connection, Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)))
  const wanted = scramHmac(mechanism, scramHmac(mechanism, salted, 'Server Key'), signed)
  if (!sameSecret(Buffer.from(/^v=([A-Za-z0-9+/=]+)/.exec(last)?.[1] ?? '', 'base64'), wanted))
    throw failed(connection, 'the server does not know the password: it is not who it says it is')
}

const serverFirst = /^r=([!-+\--~]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})(?:,|$)/

/** Fewer would give the password away, and more would hold the process up for a server that means it badly. */
function isBearable(iterations: number): boolean {
  return iterations >= 4_096 && iterations <= 1_000_000
}

function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function failed(connection: Connection, received: string): Error {
  return coreError('AUTHENTICATION_FAILED', {
    what: 'the client is not let in',
    where: whereOf(connection),
    received: received.replace(/\.+$/, ''),
  })
}

function whereOf({ place: { host, port } }: Connection): string {
  return `${host}:${port}`
}
