import { coreError } from '../base/error-catalogue.ts'
import { coreMetrics } from '../base/metric-catalogue.ts'
import type { ClientTls, NetPlace } from '../base/net.ts'
import { isIntegerFrom, isObject, isOneOf, isText, readOptions, type OptionRules } from '../base/options.ts'
import type { World } from '../base/world.ts'
import type { LogClient } from '../client/log-client.ts'
import { Cluster } from '../client/wire/cluster.ts'
import { saslLogin, type SaslCredentials } from '../client/wire/sasl-login.ts'
import { WireLog } from '../client/wire/wire-log.ts'
import { MetricRegistry } from '../metrics/metric-registry.ts'
import { NodeNet } from '../platform/node-net.ts'
import { nodeWorld } from '../platform/node-world.ts'

export interface ConnectLogOptions {
  /** `host:port`, several with commas between or as a list: any of them tells where the others are. IPv6 addresses stand in brackets. */
  readonly bootstrapServers: string | readonly string[]
  /** What the server calls this client in its logs and quotas. Default: millrace. */
  readonly clientId?: string
  /** How long a server may take to answer. Default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long connecting and the first answer may take. Default 10 s. */
  readonly connectTimeoutMs?: number
  /** How long what passes by itself is tried again: a leader that moves, a server that starts anew. Default 30 s. */
  readonly timeoutMs?: number
  /** PEM texts. Default: plain text; `{}` trusts the authorities of the system. */
  readonly tls?: ClientTls
  /** Who this is. PLAIN sends the password, so that beyond loopback it needs `tls`. Default: nobody is asked. */
  readonly sasl?: SaslCredentials
  /** The clock and randomness. Default: Node's. */
  readonly world?: Pick<World, 'clock' | 'random'>
}

interface ResolvedOptions extends Omit<Required<ConnectLogOptions>, 'tls' | 'sasl'> {
  readonly tls: ClientTls | null
  readonly sasl: SaslCredentials | null
}

const isList = (value: unknown): value is readonly string[] => Array.isArray(value) && value.length > 0 && value.every(isText)

const rules: OptionRules<ResolvedOptions> = {
  bootstrapServers: {
    check: (value): value is string | readonly string[] => isText(value) || isList(value),
    expected: 'host:port, or a list of them',
  },
  clientId: { check: isText, expected: 'a text that is not empty', default: 'millrace' },
  requestTimeoutMs: { check: isIntegerFrom(1), expected: 'a number of milliseconds', default: 30_000 },
  connectTimeoutMs: { check: isIntegerFrom(1), expected: 'a number of milliseconds', default: 10_000 },
  timeoutMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 30_000 },
  tls: {
    check: (value): value is ClientTls | null => isObject(value),
    expected: 'an object of authorities, certificate, key and verify',
    default: null,
  },
  sasl: {
    check: (value): value is SaslCredentials | null => isObject(value),
    expected: 'an object of mechanism, username and password',
    default: null,
  },
  world: { check: (value): value is World => isObject(value), expected: 'clock and random', default: nodeWorld() },
}

const saslRules: OptionRules<SaslCredentials> = {
  mechanism: { check: isOneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'), expected: 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512' },
  username: { check: isText, expected: 'a text that is not empty' },
  password: { check: isText, expected: 'a text that is not empty' },
}

/**
 * Connects to a log that is served on Kafka's wire protocol: by `serveLog`, by `millrace broker`, or by an Apache Kafka. What differs from
 * the embedded log: a topic that nothing is known of yet is asked for at its first record, and what is wrong with that one comes out of
 * `flush`, as all that only the server can tell does; `seek` to a place with a name is looked up by the next poll; `subscribe` and `backUp`
 * are EMBEDDED_ONLY.
 * @throws UNKNOWN_OPTION, INVALID_OPTION; SERVER_UNREACHABLE, NO_KAFKA_SERVER, AUTHENTICATION_FAILED, UNSUPPORTED_VERSION
 */
export async function connectLog(options: ConnectLogOptions): Promise<LogClient> {
  const { bootstrapServers, tls, sasl, world, ...terms } = readOptions<ResolvedOptions>('connectLog', options, rules)
  const bootstrap = [bootstrapServers]
    .flat()
    .flatMap((text) => text.split(','))
    .map(placeOf)
  const login = sasl === null ? {} : { login: saslLogin(readOptions<SaslCredentials>('sasl', sasl, saslRules), world.random) }
  const cluster = await Cluster.connect(new NodeNet(), world, { ...terms, ...login, ...(tls === null ? {} : { tls }), bootstrap })
  return new WireLog(cluster, new MetricRegistry(coreMetrics, world.clock))
}

function placeOf(text: string): NetPlace {
  const [, bracketed, host = bracketed, port] = /^\s*(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})\s*$/.exec(text) ?? []
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return { host, port: Number(port) }
  throw coreError('INVALID_OPTION', {
    what: 'a server is named otherwise',
    where: 'bootstrapServers',
    expected: 'host:port',
    received: text,
  })
}
