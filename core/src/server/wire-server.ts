import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'
import type { Timer } from '../base/clock.ts'
import type { ListenPlace, Net, NetListener, NetPlace, NetSocket } from '../base/net.ts'
import { anonymous, type Principal } from '../base/principal.ts'
import type { Broker } from '../broker/broker.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { AuditTrail, type AuditEvent } from './audit-trail.ts'
import { Authentication, type AuthenticationLimits, type SaslTerms } from './authentication.ts'
import { Authorizer, plainAddress, type AuthorizerOptions } from './authorizer.ts'
import { Closing } from './closing.ts'
import { Connection, type ConnectionLimits } from './connection.ts'
import { ConnectionGate, type GateLimits } from './connection-gate.ts'
import { Dispatcher } from './dispatcher.ts'
import { FetchSessions, type FetchSessionLimits } from './fetch-sessions.ts'
import type { ServerIdentity } from './handler.ts'
import { LateRefusals } from './late-refusals.ts'
import type { Session } from './session.ts'

export interface WireListener extends Pick<ListenPlace, 'host' | 'port' | 'tls'> {
  /** Where clients find it. Default: where it listens. */
  readonly advertised?: NetPlace
  /** The same of a listener at every address, whose port may be one that is not known yet. */
  readonly advertisedHost?: string
  /** Default: it does not ask who somebody is; a certificate may have said it. */
  readonly sasl?: SaslTerms
  /** Who the subject of a certificate is; null: nobody, and there is no connection. Default: the whole of the subject is the name. */
  readonly principalOf?: (subject: string) => Principal | null
}

export interface WireServerOptions {
  readonly broker: Broker
  readonly net: Net
  readonly identity: ServerIdentity
  readonly listeners: readonly WireListener[]
  readonly limits: WireLimits
  readonly fetchSessions: FetchSessionLimits
  /** Null: every client may do everything. */
  readonly authorization: AuthorizerOptions | null
  /** Hears what clients change, and what they are refused. Null: nobody does. */
  readonly onAudit: ((event: AuditEvent) => void) | null
  /** Hears of connections that ended in an error. */
  readonly onError: (error: unknown, remote: NetPlace) => void
}

export interface WireLimits extends ConnectionLimits, GateLimits, AuthenticationLimits {
  /** Of a request (socket.request.max.bytes). */
  readonly maxFrameBytes: number
}

export const defaultLimits: WireLimits = {
  maxFrameBytes: 100 << 20,
  maxFrameBytesBefore: 64 << 10,
  maxConnections: 10_000,
  maxConnectionsPerIp: 2_500,
  maxConnectionsByIp: {},
  maxConnectionsPerSecond: 5_000,
  authenticationTimeoutMs: 10_000,
  failedDelayMs: 100,
  maxInHandBytes: 32 << 20,
  maxInHandCalls: 100,
  maxWaitingBytes: 8 << 20,
  maxIdleMs: 600_000,
  minBytesPerSecond: 1_000,
  slowFrameMs: 30_000,
}

/**
 * The broker on the wire: listeners, and the connections that they bring.
 *
 * Invariants
 *   W1  When `close` resolves every connection has ended, and what was in hand is answered, or was given up after the deadline.
 */
export class WireServer {
  private readonly options: WireServerOptions
  private readonly authorizer: Authorizer | null
  private readonly audit: AuditTrail | null
  private readonly listening: NetListener[] = []
  private readonly fetchSessions: FetchSessions
  private readonly connections = new Map<Connection, Closing>()
  private readonly gate: ConnectionGate
  private readonly lateRefusals: LateRefusals
  private isClosing = false
  private whenEmpty: (() => void) | null = null

  private constructor(options: WireServerOptions) {
    this.options = options
    this.gate = new ConnectionGate(options.limits, options.broker.directory.world.clock)
    const { broker, authorization, onAudit, fetchSessions } = options
    const { clock, random } = broker.directory.world
    this.lateRefusals = new LateRefusals(clock)
    this.fetchSessions = new FetchSessions(fetchSessions, () => Buffer.from(random.bytes(4)).readInt32BE() & 0x7fff_ffff)
    this.authorizer = authorization === null ? null : new Authorizer(broker.access, authorization)
    this.audit = onAudit === null ? null : new AuditTrail(clock, onAudit)
  }

  /** @throws NetError */
  static async open(options: WireServerOptions): Promise<WireServer> {
    const server = new WireServer(options)
    try {
      for (const listener of options.listeners) await server.listen(listener)
      return server
    } catch (error) {
      await server.close(0)
      throw error
    }
  }

  /** Where it listens, in the order of the listeners: with the port that a 0 became. */
  get places(): readonly NetPlace[] {
    return this.listening.map(({ place }) => place)
  }

  private async listen(listener: WireListener): Promise<void> {
    const { net, onError } = this.options
    const advertised = (): NetPlace =>
      listener.advertised ?? { host: listener.advertisedHost ?? listener.host, port: own.place.port }
    const place: ListenPlace = {
      ...listener,
      admit: (remote) => (this.isClosing ? null : this.gate.admit(remote)),
      onRefused: onError,
    }
    const own = await net.listen(place, (socket) => this.accept(socket, listener, advertised()))
    this.listening.push(own)
  }

  private accept(socket: NetSocket, listener: WireListener, advertised: NetPlace): void {
    const { broker } = this.options
    const tooEarlyMs = this.isClosing ? 0 : broker.quotas.connected(socket.remote.host)
    if (tooEarlyMs > 0) return this.lateRefusals.refuse(socket, tooEarlyMs)
    const principal = shownBy(socket, listener)
    if (principal !== null && !this.isClosing) return this.serve(socket, listener, advertised, principal)
    if (principal === null) this.unknown(nobody(socket), socket.remote, '')
    socket.destroy()
  }

  private serve(socket: NetSocket, { sasl, tls }: WireListener, advertised: NetPlace, principal: Principal): void {
    const { broker, identity, limits, onError } = this.options
    const { remote } = socket
    const { clock } = broker.directory.world
    const closing = new Closing()
    const session: Session = { principal }
    const frames = new FrameSplitter(sasl === undefined ? limits.maxFrameBytes : limits.maxFrameBytesBefore)
    const authentication = new Authentication({
      sasl: sasl ?? null,
      isSecure: tls !== undefined,
      limits,
      session,
      clock,
      on: {
        known: () => {
          frames.limitBytes = limits.maxFrameBytes
          connection.allow(limits)
        },
        failed: (error) => this.unknown(error, remote, 'saslAuthenticate'),
        end: () => connection.drain(),
        cut: (error) => connection.destroy(error),
      },
    })
    const { authorizer, audit, fetchSessions } = this
    const shared = { broker, server: identity, authorizer, audit, fetchSessions }
    const dispatcher = new Dispatcher({
      ...shared,
      advertised,
      remote,
      closing,
      session,
      authentication,
      mute: (ms) => connection.mute(ms),
    })
    const connection = new Connection({
      socket,
      clock,
      frames,
      call: (frame) => dispatcher.call(frame),
      limits: sasl === undefined ? limits : { ...limits, maxInHandBytes: limits.maxFrameBytesBefore },
      onClosed: (error) => {
        if (error !== null) onError(error, remote)
        authentication.close()
        closing.begin()
        this.ended(connection)
      },
    })
    this.connections.set(connection, closing)
    connection.start()
  }

  private unknown(error: MillraceError, remote: NetPlace, api: 'saslAuthenticate' | ''): void {
    this.options.onError(error, remote)
    this.audit?.unknown(api, plainAddress(remote.host), error.message)
  }

  private ended(connection: Connection): void {
    this.connections.delete(connection)
    if (this.connections.size === 0) this.whenEmpty?.()
  }

  /** Takes no more connections and no more requests, answers those in hand, and ends; after `timeoutMs` whatever is left is cut. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosing = true
    for (const listener of this.listening) await listener.close()
    this.audit?.flush()
    this.lateRefusals.close()
    if (this.connections.size === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.whenEmpty = resolve
    const timer: Timer = this.options.broker.directory.world.clock.after(timeoutMs, () => {
      for (const connection of this.connections.keys()) connection.destroy()
    })
    for (const [connection, closing] of this.connections) {
      closing.begin()
      connection.drain()
    }
    await promise
    timer.cancel()
  }
}

/** Whom a certificate shows, or nobody yet. Null: it shows somebody that the listener does not take. */
function shownBy({ subject }: NetSocket, { sasl, principalOf }: WireListener): Principal | null {
  if (subject === null || sasl !== undefined) return anonymous
  return principalOf === undefined ? { type: 'User', name: subject } : principalOf(subject)
}

function nobody({ subject }: NetSocket): MillraceError {
  return coreError('AUTHENTICATION_FAILED', {
    what: 'no rule of ssl.principal.mapping.rules says who a certificate is of',
    received: JSON.stringify(subject),
  })
}
