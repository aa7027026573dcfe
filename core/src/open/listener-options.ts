import { coreError } from '../base/error-catalogue.ts'
import type { NetPlace, ServerTls } from '../base/net.ts'
import { isIntegerFrom, isObject, isOneOf, isText, readOptions, type OptionRules } from '../base/options.ts'
import type { Broker } from '../broker/broker.ts'
import { scramMechanisms, type ScramMechanism } from '../coordinator/scram-credentials.ts'
import { hostName } from '../platform/host-name.ts'
import { checkServerTls } from '../platform/check-server-tls.ts'
import type { SaslTerms } from '../server/authentication.ts'
import { principalMapping } from '../server/principal-mapping.ts'
import type { SaslMechanism } from '../server/sasl/mechanism.ts'
import { oauthBearer } from '../server/sasl/oauth-bearer.ts'
import { plain } from '../server/sasl/plain.ts'
import { scram } from '../server/sasl/scram.ts'
import { TokenKeys } from '../server/sasl/token-keys.ts'
import type { WireListener } from '../server/wire-server.ts'

export interface ListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0 takes a free one. Default 9092. */
  readonly port?: number
  /** Where clients find it, if not where it listens. Of a listener at every address (0.0.0.0, ::) the default is the name of this machine. */
  readonly advertised?: NetPlace
  /**
   * PEM texts; or what gives them, asked for each connection, so that certificates can be changed while it listens (give the same object
   * as long as nothing has changed). Where clients show certificates and there is no `sasl`, the subject says who they are. Default:
   * plain text.
   */
  readonly tls?: ServerTls | (() => ServerTls)
  /** Who the subject of a certificate is (ssl.principal.mapping.rules, KIP-371). Default: `DEFAULT`, the whole subject. */
  readonly principalMapping?: string
  /** How clients say who they are. Default: they don't. */
  readonly sasl?: SaslOptions
}

/** At least one mechanism. */
export interface SaslOptions {
  /** PLAIN: passwords by users. Beyond loopback it needs `tls`. */
  readonly plain?: Readonly<Record<string, string>>
  /** SCRAM, with the credentials that are kept in the log: `millrace users`, kafka-configs. */
  readonly scram?: readonly ScramMechanism[]
  readonly oauthBearer?: OAuthBearerOptions
  /** A session ends after so many milliseconds, unless its client authenticates again (connections.max.reauth.ms, KIP-368). Default 0: never. */
  readonly maxReauthMs?: number
}

export interface OAuthBearerOptions {
  /** The issuer's public keys: the text of a JSON web key set (RFC 7517), or what reads it, at first and then again every `refreshMs`. */
  readonly keys: string | (() => string | Promise<string>)
  /** What stands in `iss`. */
  readonly issuer: string
  /** One of them stands in `aud`. */
  readonly audience: string | readonly string[]
  /** The claim with the name of the user. Default `sub`. */
  readonly nameClaim?: string
  /** How far the issuer's clock may be off. Default 30,000. */
  readonly clockSkewMs?: number
  /** Default 3,600,000. A key that is not known is looked for at once, at most every 10 s. */
  readonly refreshMs?: number
}

interface ResolvedListener extends NetPlace {
  /** Null: where it listens. */
  readonly advertised: NetPlace | null
  readonly tls: ListenerOptions['tls'] | null
  readonly principalMapping: string
  readonly sasl: SaslOptions | null
}

const isTls = (value: unknown): value is ListenerOptions['tls'] => typeof value === 'function' || isObject(value)

const listenerRules: OptionRules<ResolvedListener> = {
  host: { check: isText, expected: 'a name or an address', default: '127.0.0.1' },
  port: {
    check: (value): value is number => isIntegerFrom(0)(value) && value < 65_536,
    expected: 'a port, 0 to 65535',
    default: 9092,
  },
  advertised: {
    check: (value): value is NetPlace | null =>
      isObject(value) && isText((value as NetPlace).host) && isIntegerFrom(1)((value as NetPlace).port),
    expected: 'host and port',
    default: null,
  },
  tls: { check: isTls, expected: 'certificate, key, authorities and clients, or a function that gives them', default: null },
  principalMapping: { check: isText, expected: 'RULE:pattern/replacement/[L|U], or DEFAULT', default: 'DEFAULT' },
  sasl: { check: (value): value is SaslOptions => isObject(value), expected: 'plain, scram or oauthBearer', default: null },
}

type ResolvedSasl = { readonly [Key in keyof Required<SaslOptions>]: Required<SaslOptions>[Key] | null }

const saslRules: OptionRules<ResolvedSasl> = {
  // Looked at more closely by `checkUsers`: passwords are in no message.
  plain: { check: (value): value is Record<string, string> => isObject(value), expected: 'passwords by users', default: null },
  scram: {
    check: (value): value is readonly ScramMechanism[] =>
      Array.isArray(value) && value.length > 0 && value.every(isOneOf(...scramMechanisms)),
    expected: `a list of ${scramMechanisms.join(', ')}`,
    default: null,
  },
  oauthBearer: {
    check: (value): value is OAuthBearerOptions => isObject(value),
    expected: 'keys, issuer and audience',
    default: null,
  },
  maxReauthMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 0 },
}

const tokenRules: OptionRules<Required<OAuthBearerOptions>> = {
  keys: {
    check: (value): value is OAuthBearerOptions['keys'] => isText(value) || typeof value === 'function',
    expected: 'a JSON web key set, or a function that reads it',
  },
  issuer: { check: isText, expected: 'what stands in iss' },
  audience: {
    check: (value): value is string | readonly string[] =>
      isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
    expected: 'what stands in aud: a text, or a list of them',
  },
  nameClaim: { check: isText, expected: 'the name of a claim', default: 'sub' },
  clockSkewMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 30_000 },
  refreshMs: { check: isIntegerFrom(1), expected: 'a number of milliseconds', default: 3_600_000 },
}

interface Surroundings {
  readonly broker: Broker
  /** A listener that is not safe is taken all the same. */
  readonly allowInsecure: boolean
  /** Hears of key sets that could not be read again. */
  readonly onError: (error: unknown) => void
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION, LISTENER_UNSAFE, CERTIFICATE_INVALID, TOKEN_KEYS_INVALID */
export async function wireListener(given: ListenerOptions, around: Surroundings): Promise<WireListener> {
  const read = readOptions<ResolvedListener>('a listener', given, listenerRules)
  const { host, port, advertised } = read
  const sasl = read.sasl === null ? null : readOptions<ResolvedSasl>('sasl', read.sasl, saslRules)
  const tls = typeof read.tls === 'object' && read.tls !== null ? fixed(read.tls) : (read.tls ?? null)
  const secured = tls?.()
  if (secured !== undefined) checkServerTls(secured)
  if (!around.allowInsecure) checkSafe({ host, port }, secured, sasl)
  const nameOf = principalMapping(read.principalMapping)
  return {
    host,
    port,
    ...(advertised === null ? {} : { advertised }),
    ...(everyAddress.test(host) ? { advertisedHost: hostName() } : {}),
    ...(tls === null ? {} : { tls }),
    ...(sasl === null ? {} : { sasl: await saslTerms(sasl, around) }),
    principalOf: (subject) => {
      const name = nameOf(subject)
      return name === null || name === '' ? null : { type: 'User', name }
    },
  }
}

function fixed(tls: ServerTls): () => ServerTls {
  const clients: ServerTls['clients'] = tls.clients ?? 'none'
  const complete = { ...tls, clients }
  return () => complete
}

async function saslTerms(sasl: ResolvedSasl, around: Surroundings): Promise<SaslTerms> {
  const { random } = around.broker.directory.world
  if (sasl.plain !== null) checkUsers(sasl.plain)
  const mechanisms: SaslMechanism[] = [
    ...(sasl.scram ?? []).map((name) =>
      scram(name, around.broker.scramUsers, () => Buffer.from(random.bytes(24)).toString('base64')),
    ),
    ...(sasl.oauthBearer === null ? [] : [await tokens(sasl.oauthBearer, around)]),
    ...(sasl.plain === null ? [] : [plain(sasl.plain, random)]),
  ]
  if (mechanisms.length > 0) return { mechanisms, maxReauthMs: sasl.maxReauthMs ?? 0 }
  throw coreError('INVALID_OPTION', { what: 'sasl has no mechanism', where: 'sasl', expected: 'plain, scram or oauthBearer' })
}

function checkUsers(users: Readonly<Record<string, string>>): void {
  if (Object.keys(users).length > 0 && Object.entries(users).every(([user, password]) => isText(user) && isText(password))) return
  const expected = 'passwords by users, at least one, and none of them empty'
  throw coreError('INVALID_OPTION', { what: 'the users of PLAIN are none', where: 'plain', expected })
}

async function tokens(given: OAuthBearerOptions, { broker, onError }: Surroundings): Promise<SaslMechanism> {
  const read = readOptions<Required<OAuthBearerOptions>>('oauthBearer', given, tokenRules)
  const { keys, issuer, audience, nameClaim, clockSkewMs, refreshMs } = read
  const { clock } = broker.directory.world
  const source = typeof keys === 'string' ? () => keys : keys
  const own = await TokenKeys.open({ read: source, clock, refreshMs, onError })
  const terms = { keys: (id: string) => own.keys(id), issuer, audiences: [audience].flat(), nameClaim, clockSkewMs }
  return oauthBearer(terms, clock)
}

/** No place to connect to. */
const everyAddress = /^(0\.0\.0\.0|::|0:0:0:0:0:0:0:0)$/
const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** @throws LISTENER_UNSAFE */
function checkSafe({ host, port }: NetPlace, tls: ServerTls | undefined, sasl: ResolvedSasl | null): void {
  if (loopback.test(host)) return
  const where = `${host}:${port}`
  if (sasl === null && tls?.clients !== 'required') {
    const expected = '127.0.0.1, ::1 or localhost; or sasl, or certificates of clients'
    throw coreError('LISTENER_UNSAFE', { what: 'a listener that others reach needs authentication', where, expected })
  }
  const open = sasl?.plain ? 'PLAIN' : 'OAUTHBEARER'
  if (tls === undefined && (sasl?.plain || sasl?.oauthBearer))
    throw coreError('LISTENER_UNSAFE', {
      what: `${open} without TLS shows secrets to whoever listens in`,
      where,
      expected: 'tls',
    })
}
