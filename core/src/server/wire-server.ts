import type { Timer } from '../base/clock.ts'
import type { Net, NetListener, NetPlace, NetSocket } from '../base/net.ts'
import { anonymous } from '../base/principal.ts'
import type { Broker } from '../broker/broker.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { Authorizer, type AuthorizerOptions } from './authorizer.ts'
import { Closing } from './closing.ts'
import { Connection, type ConnectionLimits } from './connection.ts'
import { Dispatcher } from './dispatcher.ts'
import { FetchSessions, type FetchSessionLimits } from './fetch-sessions.ts'
import type { ServerIdentity } from './handler.ts'
import type { Session } from './session.ts'

export interface WireListener extends NetPlace {
  /** Where clients find it. Default: where it listens. */
  readonly advertised?: NetPlace
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
  /** Hears of connections that ended in an error. */
  readonly onError: (error: unknown, remote: NetPlace) => void
}

export interface WireLimits extends ConnectionLimits {
  /** Of a request (socket.request.max.bytes). */
  readonly maxFrameBytes: number
  /** Further ones are closed at once (max.connections). */
  readonly maxConnections: number
}

export const defaultLimits: WireLimits = {
  maxFrameBytes: 100 << 20,
  maxConnections: 10_000,
  maxInHandBytes: 32 << 20,
  maxInHandCalls: 100,
  maxWaitingBytes: 8 << 20,
  maxIdleMs: 600_000,
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
  private readonly listening: NetListener[] = []
  private readonly fetchSessions: FetchSessions
  private readonly connections = new Map<Connection, Closing>()
  private isClosing = false
  private whenEmpty: (() => void) | null = null

  private constructor(options: WireServerOptions) {
    this.options = options
    const { broker, authorization, fetchSessions } = options
    const { random } = broker.directory.world
    this.fetchSessions = new FetchSessions(fetchSessions, () => Buffer.from(random.bytes(4)).readInt32BE() & 0x7fff_ffff)
    this.authorizer = authorization === null ? null : new Authorizer(broker.access, authorization)
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
    const { net } = this.options
    const advertised = (): NetPlace => listener.advertised ?? { host: listener.host, port: own.place.port }
    const own = await net.listen(listener, (socket) => this.accept(socket, advertised()))
    this.listening.push(own)
  }

  private accept(socket: NetSocket, advertised: NetPlace): void {
    const { broker, identity, limits, onError } = this.options
    const { remote } = socket
    if (this.isClosing || this.connections.size >= limits.maxConnections) {
      socket.destroy()
      return
    }
    const closing = new Closing()
    const session: Session = { principal: anonymous }
    const { authorizer, fetchSessions } = this
    const dispatcher = new Dispatcher({
      broker,
      server: identity,
      advertised,
      remote,
      closing,
      session,
      authorizer,
      fetchSessions,
    })
    const connection = new Connection({
      socket,
      clock: broker.directory.world.clock,
      frames: new FrameSplitter(limits.maxFrameBytes),
      call: (frame) => dispatcher.call(frame),
      limits,
      onClosed: (error) => {
        if (error !== null) onError(error, remote)
        closing.begin()
        this.ended(connection)
      },
    })
    this.connections.set(connection, closing)
    connection.start()
  }

  private ended(connection: Connection): void {
    this.connections.delete(connection)
    if (this.connections.size === 0) this.whenEmpty?.()
  }

  /** Takes no more connections and no more requests, answers those in hand, and ends; after `timeoutMs` whatever is left is cut. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosing = true
    for (const listener of this.listening) await listener.close()
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
