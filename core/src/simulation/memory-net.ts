import {
  NetError,
  type ConnectPlace,
  type ListenPlace,
  type Net,
  type NetListener,
  type NetPlace,
  type NetSocket,
  type SocketEvents,
} from '../base/net.ts'

/**
 * A network in memory: listeners and sockets without a system below them, in the order in which bytes were written. Nothing is lost, and
 * nothing comes in the turn in which it was sent.
 *
 * Invariants
 *   N1  What is written comes whole and in order, or not at all: chunks are neither joined nor cut.
 *   N2  A side that is paused gets nothing; what was sent to it waits with the sender (`waitingBytes`), whose `onDrain` tells when it
 *       has gone.
 *   N3  A side that has vanished gets nothing and says nothing any more, not even that it has gone: half of a connection.
 */
export class MemoryNet implements Net {
  private readonly listeners = new Map<number, (socket: NetSocket) => void>()
  private nextPort = 1

  async listen({ host, port }: ListenPlace, accept: (socket: NetSocket) => void): Promise<NetListener> {
    const own = port === 0 ? this.nextPort++ : port
    if (this.listeners.has(own)) throw new NetError('EADDRINUSE', `somebody listens on ${own}`)
    this.listeners.set(own, accept)
    return { place: { host, port: own }, close: async () => void this.listeners.delete(own) }
  }

  async connect({ port }: ConnectPlace): Promise<MemorySocket> {
    const accept = this.listeners.get(port)
    if (accept === undefined) throw new NetError('ECONNREFUSED', `nobody listens on ${port}`)
    const ours = new MemorySocket(port)
    const theirs = new MemorySocket(this.nextPort++)
    ours.join(theirs)
    accept(theirs)
    return ours
  }
}

type State = 'open' | 'ended' | 'closed' | 'vanished'

/** One side of a connection. */
export class MemorySocket implements NetSocket {
  readonly remote: NetPlace
  readonly subject = null
  private peer!: MemorySocket
  private events: SocketEvents | null = null
  private isPaused = true
  private state: State = 'open'
  /** On the way to the other side; null is its end. */
  private readonly sent: (Uint8Array | null)[] = []
  waitingBytes = 0
  private isMoving = false

  constructor(port: number) {
    this.remote = { host: 'memory', port }
  }

  /** What the other side has sent and this one has not taken. */
  get comingBytes(): number {
    return this.peer.waitingBytes
  }

  /** Whether the other side still has the connection. */
  get isHeld(): boolean {
    return this.peer.state === 'open' || this.peer.state === 'ended'
  }

  /** Whether the other side takes nothing at present. */
  get isStopped(): boolean {
    return this.peer.isPaused
  }

  /** Before anything else, once. */
  join(peer: MemorySocket): void {
    this.peer = peer
    peer.peer = this
  }

  start(on: SocketEvents): void {
    this.events = on
    this.resume()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.state !== 'open') return true
    for (const chunk of chunks) {
      this.sent.push(chunk)
      this.waitingBytes += chunk.length
    }
    this.move()
    return false
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.peer.move()
  }

  end(): void {
    if (this.state !== 'open') return
    this.state = 'ended'
    this.sent.push(null)
    this.move()
  }

  destroy(): void {
    this.close(null)
    this.later(() => this.peer.close(null))
  }

  /** Its machine is gone (N3). */
  vanish(): void {
    this.state = 'vanished'
    this.events = null
  }

  private close(error: Error | null): void {
    if (this.state === 'closed' || this.state === 'vanished') return
    this.state = 'closed'
    this.sent.splice(0)
    this.waitingBytes = 0
    this.later(() => this.events?.onClose(error))
  }

  private move(): void {
    if (this.isMoving) return
    this.isMoving = true
    this.later(() => {
      this.isMoving = false
      this.deliver()
    })
  }

  private deliver(): void {
    const { peer } = this
    const hadBytes = this.waitingBytes > 0
    while (this.sent.length > 0 && !peer.isPaused && peer.events !== null) {
      const chunk = this.sent.shift()!
      if (chunk === null) this.deliverEnd()
      else {
        this.waitingBytes -= chunk.length
        if (peer.state === 'open' || peer.state === 'ended') peer.events.onData(chunk)
      }
    }
    if (hadBytes && this.waitingBytes === 0 && this.state === 'open') this.events?.onDrain()
  }

  /** As a socket of Node that closes when both sides have ended. */
  private deliverEnd(): void {
    const { peer } = this
    peer.events?.onEnd()
    peer.end()
    if (this.sent.length === 0 && peer.sent.every((chunk) => chunk === null)) {
      this.close(null)
      peer.close(null)
    }
  }

  private later(work: () => void): void {
    queueMicrotask(work)
  }
}
