import { coreError } from '../base/error-catalogue.ts'
import type { NetPlace } from '../base/net.ts'
import { isIntegerFrom, isObject, isText, readOptions, type OptionRules } from '../base/options.ts'
import type { Broker } from '../broker/broker.ts'
import { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import type { LogClient } from '../client/log-client.ts'
import { NodeNet } from '../platform/node-net.ts'
import type { AuditEvent } from '../server/audit-trail.ts'
import { fetchSessionLimits } from '../server/fetch-sessions.ts'
import { wireListener, type ListenerOptions } from './listener-options.ts'
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
  /** Hears what clients change (topics, settings, access rules, …) and what the access rules refuse them. Default: nobody does. */
  readonly onAudit?: ((event: AuditEvent) => void) | null
  /** How long `close` waits for requests in hand, in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number
  /** What clients may take of it. Default: see there. */
  readonly limits?: ConnectionLimitOptions
  /**
   * Takes listeners that others reach without authentication, and PLAIN without TLS: on a network where everybody is trusted with
   * everything. Default false: LISTENER_UNSAFE.
   */
  readonly allowInsecure?: boolean
  /** Hears of connections that ended in an error. Default: nobody does. */
  readonly onError?: (error: unknown, remote: NetPlace) => void
}

export interface AuthorizationOptions {
  /** Who may do everything whatever the rules say, `User:admin` (super.users). Default: nobody. */
  readonly superUsers?: readonly string[]
  /** Whether everybody may do what they like with a resource that no rule is about (allow.everyone.if.no.acl.found). Default: false. */
  readonly allowIfNoRule?: boolean
}

/** What one listener, or all of them, take at most. */
export interface ConnectionLimitOptions {
  /** Connections at once (max.connections). Default 10,000. */
  readonly maxConnections?: number
  /** The same of one address (max.connections.per.ip). Default 2,500. */
  readonly maxConnectionsPerIp?: number
  /** The same of particular addresses (max.connections.per.ip.overrides). Default: none. */
  readonly maxConnectionsByIp?: Readonly<Record<string, number>>
  /** New connections a second, further ones are closed (max.connection.creation.rate). Default 5,000. */
  readonly maxConnectionsPerSecond?: number
  /** A connection that sends nothing for so long is closed, in milliseconds (connections.max.idle.ms). Default 600,000. */
  readonly maxIdleMs?: number
  /** A client must have authenticated within so many milliseconds. Default 10,000. */
  readonly authenticationTimeoutMs?: number
  /** How long the answer to a failed attempt is held back (connection.failed.authentication.delay.ms). Default 100. */
  readonly failedDelayMs?: number
  /** The largest request, in bytes (socket.request.max.bytes). Default 104,857,600. Before authentication it is 65,536 at most. */
  readonly maxFrameBytes?: number
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
  onAudit: {
    check: (value): value is Required<ServeOptions>['onAudit'] => value === null || typeof value === 'function',
    expected: 'a function',
    default: null,
  },
  closeTimeoutMs: { check: isIntegerFrom(0), expected: 'a number of milliseconds', default: 5_000 },
  limits: { check: (value): value is ConnectionLimitOptions => isObject(value), expected: 'an object of limits', default: {} },
  allowInsecure: { check: (value): value is boolean => typeof value === 'boolean', expected: 'true or false', default: false },
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

const limitRules: OptionRules<Required<ConnectionLimitOptions>> = {
  maxConnections: limit('maxConnections'),
  maxConnectionsPerIp: limit('maxConnectionsPerIp'),
  maxConnectionsByIp: {
    check: (value): value is Readonly<Record<string, number>> => isObject(value) && Object.values(value).every(isIntegerFrom(0)),
    expected: 'numbers by address',
    default: defaultLimits.maxConnectionsByIp,
  },
  maxConnectionsPerSecond: limit('maxConnectionsPerSecond'),
  maxIdleMs: limit('maxIdleMs'),
  authenticationTimeoutMs: limit('authenticationTimeoutMs'),
  failedDelayMs: limit('failedDelayMs', 0),
  maxFrameBytes: limit('maxFrameBytes'),
}

function limit(name: Exclude<keyof ConnectionLimitOptions, 'maxConnectionsByIp'>, minimum = 1): OptionRules<Numbers>['of'] {
  return { check: isIntegerFrom(minimum), expected: `a number from ${minimum}`, default: defaultLimits[name] }
}

interface Numbers {
  readonly of: number
}

/**
 * Serves an embedded log on Kafka's wire protocol, so that clients and tools of Kafka see it while it is used here.
 * @throws UNKNOWN_OPTION, INVALID_OPTION, CERTIFICATE_INVALID, TOKEN_KEYS_INVALID, LISTENER_UNSAFE for a listener that others reach
 * without authentication; NetError when it cannot listen
 */
export async function serveLog(log: LogClient, options: ServeOptions = {}): Promise<ServedLog> {
  const read = readOptions<Required<ServeOptions>>('serveLog', options, rules)
  const { maxReplicationFactor, fetchSessionSlots, authorization, onAudit, closeTimeoutMs, allowInsecure, onError } = read
  const limits = readOptions<Required<ConnectionLimitOptions>>('limits', read.limits, limitRules)
  const { broker } = embedded(log)
  const around = { broker, allowInsecure, onError: (error: unknown) => onError(error, nowhere) }
  const listeners: WireListener[] = []
  for (const listener of read.listeners) listeners.push(await wireListener(listener, around))
  const server = await WireServer.open({
    broker,
    net: new NodeNet(),
    identity: { clusterId: clusterIdOf(broker), nodeId: 1, maxReplicationFactor },
    listeners,
    limits: { ...defaultLimits, ...limits },
    fetchSessions: fetchSessionLimits(fetchSessionSlots),
    authorization: authorization === null ? null : readOptions('authorization', authorization, authorizationRules),
    onAudit,
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

/** What is not of one connection. */
const nowhere: NetPlace = Object.freeze({ host: '', port: 0 })

/** The same for as long as the data directory lives. */
function clusterIdOf({ directory }: Broker): string {
  const id = Buffer.alloc(16)
  id.write('millrace')
  id.writeUInt32BE(directory.salt, 12)
  return id.toString('base64url')
}
