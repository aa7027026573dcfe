import type { Disk } from '../base/disk.ts'
import type { ClientTls } from '../base/net.ts'
import type { ConnectLogOptions } from '../open/connect-log.ts'
import { meant } from './nearest.ts'
import { readProperties } from './read-properties.ts'
import { readText } from './read-text.ts'
import { UsageError } from './usage-error.ts'

/** What a file for `--command-config` may hold, with Kafka's names. Stores of keys and certificates are PEM. */
const known = [
  'security.protocol',
  'sasl.mechanism',
  'sasl.jaas.config',
  'ssl.truststore.location',
  'ssl.truststore.certificates',
  'ssl.truststore.type',
  'ssl.keystore.location',
  'ssl.keystore.key',
  'ssl.keystore.certificate.chain',
  'ssl.keystore.type',
  'client.id',
  'request.timeout.ms',
  'default.api.timeout.ms',
] as const

type Name = (typeof known)[number]
type ClientConfig = Partial<Omit<ConnectLogOptions, 'bootstrapServers' | 'world'>>

/** What is left out could make a connection less safe than was meant, so these are refused if they are not known. */
const guarded = /^(security|sasl|ssl)\./

/** @throws NOT_A_FILE, UsageError */
export function clientConfig(disk: Disk, file: string, warn: (line: string) => void): ClientConfig {
  const properties = readProperties(readText(disk, file))
  for (const name of properties.keys()) {
    if (known.some((one) => one === name)) continue
    const sentence = `${file}: there is no property ${name}${meant(name, known)}`
    if (guarded.test(name)) throw new UsageError(sentence)
    warn(`${sentence}; it is left out`)
  }
  const get = (name: Name): string | undefined => properties.get(name)
  return { ...identity(get, file), ...security(get, disk, file) }
}

type Get = (name: Name) => string | undefined

function identity(get: Get, file: string): ClientConfig {
  const clientId = get('client.id')
  const requestTimeoutMs = millisecondsOf('request.timeout.ms', get, file)
  const timeoutMs = millisecondsOf('default.api.timeout.ms', get, file)
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

function millisecondsOf(name: Name, get: Get, file: string): number | undefined {
  const text = get(name)
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new UsageError(`${file}: ${name} takes a number of milliseconds, not ${text}`)
}

function security(get: Get, disk: Disk, file: string): ClientConfig {
  const protocol = (get('security.protocol') ?? 'PLAINTEXT').toUpperCase()
  const [, sasl, transport] = /^(SASL_)?(PLAINTEXT|SSL)$/.exec(protocol) ?? []
  if (transport === undefined)
    throw new UsageError(`${file}: security.protocol takes PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, not ${protocol}`)
  return {
    ...(transport === 'SSL' ? { tls: tlsOf(get, disk, file) } : {}),
    ...(sasl === undefined ? {} : { sasl: saslOf(get, file) }),
  }
}

function tlsOf(get: Get, disk: Disk, file: string): ClientTls {
  for (const name of ['ssl.truststore.type', 'ssl.keystore.type'] as const)
    if ((get(name) ?? 'PEM').toUpperCase() !== 'PEM') throw new UsageError(`${file}: ${name} takes PEM, not ${get(name)}`)
  const read = (path: string | undefined): string | undefined => (path === undefined ? undefined : readText(disk, path))
  const authorities = get('ssl.truststore.certificates') ?? read(get('ssl.truststore.location'))
  // A store that is PEM holds the key and the chain, one behind the other.
  const store = read(get('ssl.keystore.location'))
  const certificate = get('ssl.keystore.certificate.chain') ?? store
  const key = get('ssl.keystore.key') ?? store
  return {
    ...(authorities === undefined ? {} : { authorities }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  }
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

function saslOf(get: Get, file: string): NonNullable<ClientConfig['sasl']> {
  const given = get('sasl.mechanism')
  const mechanism = mechanisms.find((one) => one === given)
  if (mechanism === undefined)
    throw new UsageError(`${file}: sasl.mechanism takes ${mechanisms.join(', ')}, not ${given ?? 'nothing'}`)
  const jaas = get('sasl.jaas.config') ?? ''
  const username = jaasOption(jaas, 'username')
  const password = jaasOption(jaas, 'password')
  if (username !== undefined && password !== undefined) return { mechanism, username, password }
  throw new UsageError(`${file}: sasl.jaas.config takes 'MODULE required username="…" password="…";'`)
}

/** Of `module required username="alice" password="…";`: in quotes `\` goes before a quote or itself. */
function jaasOption(jaas: string, name: string): string | undefined {
  const [, quoted, bare] = new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`).exec(jaas) ?? []
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? bare
}
