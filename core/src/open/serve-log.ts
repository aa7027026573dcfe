import { coreError } from '../base/error-catalogue.ts'
import type { NetPlace } from '../base/net.ts'
import { isIntegerFrom, isObject, isText, readOptions, type OptionRules } from '../base/options.ts'
import type { Broker } from '../broker/broker.ts'
import { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { NodeNet } from '../platform/node-net.ts'
import { fetchSessionLimits } from '../server/fetch-sessions.ts'
import { defaultLimits, WireServer, type WireListener } from '../server/wire-server.ts'

export interface ServeOptions {
  /** Where it listens. Default: 127.0.0.1:9092. */
  readonly listeners?: readonly ListenerOptions[]
  /**
   * The most replicas that a client may ask for when it makes a topic, so that tools that ask for 3 work. There is one node and one
   * copy whatever is asked for: it shows itself as so many brokers as the widest topic has replicas, all at the same address. Default
   * 3; with 1, more are refused as Kafka on one node does.
   */
  readonly maxReplicationFactor?: number
  /**
   * Fetch sessions that are kept (max.incremental.fetch.session.cache.slots), each for a consumer that asks for many partitions and
   * says them once (KIP-227); over all of them 250 times as many partitions. Without one a consumer says them each time. Default 1,000.
   */
  readonly fetchSessionSlots?: number
  /**
   * Holds clients to the access rules of the log (`admin.addAccessRules`, kafka-acls), as Kafka's StandardAuthorizer does. Default: every
   * client may do everything.
   */
  readonly authorization?: AuthorizationOptions | null
  /** How long `close` waits for requests in hand, in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number
  /** Hears of connections that ended in an error. Default: nobody does. */
  readonly onError?: (error: unknown, remote: NetPlace) => void
}

export interface AuthorizationOptions {
  /** Who may do everything whatever the rules say, `User:admin` (super.users). Default: nobody. */
  readonly superUsers?: readonly string[]
  /** Whether everybody may do what they like with a resource that no rule is about (allow.everyone.if.no.acl.found). Default: false. */
  readonly allowIfNoRule?: boolean
}

export interface ListenerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0 takes a free one. Default 9092. */
  readonly port?: number
  /** Where clients find it, if not where it listens. */
  readonly advertised?: NetPlace
}

/** A log on the wire. */
export interface ServedLog extends AsyncDisposable {
  /** In the order of the listeners, with the ports that a 0 became. */
  readonly places: readonly NetPlace[]
  /** Answers what is in hand, then ends; the log stays open. */
  close(): Promise<void>
}

const rules: OptionRules<Required<ServeOptions>> = {
  listeners: {
    check: (value): value is readonly ListenerOptions[] => Array.isArray(value) && value.length > 0 && value.every(isObject),
    expected: 'a list of listeners',
    default: [{}],
  },
  maxReplicationFactor: {
    check: (value): value is number => isIntegerFrom(1)(value) && value <= 100,
    expected: 'a number from 1 to 100',
    default: 3,
  },
  fetchSessionSlots: {
    check: (value): value is number => isIntegerFrom(0)(value) && value <= 1_000_000,
    expected: 'a number from 0 to 1000000',
    default: 1_000,
  },
  authorization: {
    check: (value): value is AuthorizationOptions | null => value === null || isObject(value),
    expected: 'superUsers and allowIfNoRule',
    default: null,
  },
  closeTimeoutMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 5_000 },
  onError: {
    check: (value): value is Required<ServeOptions>['onError'] => typeof value === 'function',
    expected: 'a function',
    default: () => {},
  },
}

const authorizationRules: OptionRules<Required<AuthorizationOptions>> = {
  superUsers: {
    check: (value): value is readonly string[] =>
      Array.isArray(value) && value.every((one) => isText(one) && /^[^:]+:./s.test(one)),
    expected: 'a list of principals, User:admin',
    default: [],
  },
  allowIfNoRule: { check: (value) => typeof value === 'boolean', expected: 'true or false', default: false },
}

interface ResolvedListener extends NetPlace {
  /** Null: where it listens. */
  readonly advertised: NetPlace | null
}

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
}

/**
 * Serves an embedded log on Kafka's wire protocol, so that clients and tools of Kafka see it while it is used here.
 * @throws UNKNOWN_OPTION, INVALID_OPTION, LISTENER_UNSAFE for a listener that others reach without authentication; NetError when it
 * cannot listen
 */
export async function serveLog(log: LogClient, options: ServeOptions = {}): Promise<ServedLog> {
  const read = readOptions<Required<ServeOptions>>('serveLog', options, rules)
  const { listeners, maxReplicationFactor, fetchSessionSlots, authorization, closeTimeoutMs, onError } = read
  const { broker } = embedded(log)
  const server = await WireServer.open({
    broker,
    net: new NodeNet(),
    identity: { clusterId: clusterIdOf(broker), nodeId: 1, maxReplicationFactor },
    listeners: listeners.map((listener) => checked(readOptions<ResolvedListener>('a listener', listener, listenerRules))),
    limits: defaultLimits,
    fetchSessions: fetchSessionLimits(fetchSessionSlots),
    authorization: authorization === null ? null : readOptions('authorization', authorization, authorizationRules),
    onError,
  })
  const close = (): Promise<void> => server.close(closeTimeoutMs)
  return { places: server.places, close, [Symbol.asyncDispose]: close }
}

function embedded(log: LogClient): EmbeddedLog {
  if (log instanceof EmbeddedLog) return log
  throw coreError('INVALID_OPTION', {
    what: 'only an embedded log can be served',
    where: 'log',
    expected: 'what embeddedLog gives',
  })
}

const loopback = /^(127\.|::1$|localhost$)/

function checked({ host, port, advertised }: ResolvedListener): WireListener {
  if (loopback.test(host)) return { host, port, ...(advertised === null ? {} : { advertised }) }
  throw coreError('LISTENER_UNSAFE', {
    what: 'a listener that others reach needs authentication',
    where: `${host}:${port}`,
    expected: '127.0.0.1, ::1 or localhost',
  })
}

/** The same for as long as the data directory lives. */
function clusterIdOf({ directory }: Broker): string {
  const id = Buffer.alloc(16)
  id.write('millrace')
  id.writeUInt32BE(directory.salt, 12)
  return id.toString('base64url')
}
