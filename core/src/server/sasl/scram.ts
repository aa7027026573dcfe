import type { ScramUsers } from '../../broker/scram-users.ts'
import { sameSecret, scramHash, scramHmac } from '../../broker/secrets.ts'
import { quoted, refused, type SaslExchange, type SaslMechanism, type SaslStep } from './mechanism.ts'

type ScramName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/**
 * SCRAM (RFC 5802, 7677) with a nonce of the server that nobody can guess, without channel binding and without Kafka's delegation tokens:
 *
 *   client first   n,[a=authzid],n=user,r=client nonce
 *   server first   r=client nonce + server nonce,s=salt,i=iterations
 *   client final   c=base64 of `n,[a=authzid],`,r=both nonces,p=proof
 *   server final   v=signature of the server
 *
 * Invariants
 *   S1  A user that there is not gets a salt and iterations like any other, and fails where a wrong password does.
 *   S2  A proof is good for this exchange alone: the nonce of the server is drawn for it.
 */
export function scram(name: ScramName, users: Credentials, nonce: () => string): SaslMechanism {
  return { name, begin: () => new ScramExchange(name, users, nonce()) }
}

type Credentials = Pick<ScramUsers, 'credential' | 'fakeCredential'>

/** As they stood in the tokens: the signatures are over these very characters. */
interface FirstMessages {
  readonly user: string
  /** `n,,` */
  readonly header: string
  readonly nonce: string
  readonly clientFirstBare: string
  readonly serverFirst: string
}

class ScramExchange implements SaslExchange {
  private readonly name: ScramName
  private readonly users: Credentials
  private readonly serverNonce: string
  private first: FirstMessages | null = null

  constructor(name: ScramName, users: Credentials, serverNonce: string) {
    this.name = name
    this.users = users
    this.serverNonce = serverNonce
  }

  step(token: Uint8Array): SaslStep {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(token)
    return this.first === null ? this.begin(text) : this.finish(text, this.first)
  }

  private begin(text: string): SaslStep {
    // Anything between the parts that are known is an extension: those that must be understood (m=) are refused, and so are all others.
    const [, header, authzid, bare, name, clientNonce] = clientFirst.exec(text) ?? []
    if (bare === undefined) return refused('the first message is not of SCRAM, or asks for channel binding or extensions')
    const user = saslName(name!)
    if (user === null) return refused('the name of the user is not written as SCRAM wants it')
    if (authzid !== undefined && saslName(authzid) !== user) return refused(`${quoted(user)} asks to be ${quoted(authzid)}`)
    const { salt, iterations } = this.credentialOf(user)
    const nonce = `${clientNonce}${this.serverNonce}`
    const serverFirst = `r=${nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`
    this.first = { user, header: header!, nonce, clientFirstBare: bare, serverFirst }
    return { kind: 'more', token: Buffer.from(serverFirst) }
  }

  private finish(text: string, { user, header, nonce, clientFirstBare, serverFirst }: FirstMessages): SaslStep {
    const [, withoutProof, binding, bothNonces, proof] = clientFinal.exec(text) ?? []
    if (withoutProof === undefined) return refused('the last message is not of SCRAM')
    if (binding !== Buffer.from(header).toString('base64')) return refused('the channel binding is not that of the first message')
    // librdkafka (2.0.2) puts its own nonce before both, and Kafka looks at the end too. The proof is over all of it.
    if (!bothNonces!.endsWith(nonce)) return refused('the nonce is not that of this exchange')
    const { storedKey, serverKey } = this.credentialOf(user)
    const signed = `${clientFirstBare},${serverFirst},${withoutProof}`
    const clientKey = xor(Buffer.from(proof!, 'base64'), scramHmac(this.name, storedKey, signed))
    const isRight = clientKey !== null && sameSecret(scramHash(this.name, clientKey), storedKey)
    const isThere = this.users.credential(user, this.name) !== null
    if (!isRight || !isThere) return refused(`no such user, or another password: ${quoted(user)}`)
    const token = Buffer.from(`v=${Buffer.from(scramHmac(this.name, serverKey, signed)).toString('base64')}`)
    return { kind: 'done', token, principal: { type: 'User', name: user }, lastsMs: null }
  }

  private credentialOf(user: string): ReturnType<ScramUsers['fakeCredential']> {
    // Made in any case, so that the time does not tell which users there are.
    const fake = this.users.fakeCredential(user, this.name)
    return this.users.credential(user, this.name) ?? fake
  }
}

const clientFirst = /^([ny],(?:a=([^,\0]+))?,)(n=([^,\0]+),r=([!-+\--~]+))$/
const clientFinal = /^(c=([A-Za-z0-9+/=]+),r=([!-+\--~]+)),p=([A-Za-z0-9+/]+={0,2})$/

/** "," and "=" stand as =2C and =3D, and no other "=" does. */
function saslName(text: string): string | null {
  if (/=(?!2C|3D)/.test(text)) return null
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

/** Null where they are not of one length. */
function xor(one: Uint8Array, other: Uint8Array): Uint8Array | null {
  return one.length === other.length ? one.map((byte, index) => byte ^ other[index]!) : null
}
