import { connect } from 'node:net'
import { FrameSplitter, type ServedInMemory } from '@millrace/core/testing'

/** The way of a connection's bytes, whatever it is. */
interface Way {
  readonly write: (bytes: Uint8Array) => void
  /** Goes away without a word, whatever is under way. */
  readonly leave: () => void
  /** Goes away when nothing is under way. */
  readonly close: () => void
}

/** A connection as its client has it: frames that come, and its end. */
export class Exchange {
  private readonly splitter = new FrameSplitter(2 ** 31 - 1)
  private readonly come: Uint8Array[] = []
  private waiting: ((frame: Uint8Array | null) => void) | null = null
  private way!: Way
  isOver = false

  static overSocket(port: number): Promise<Exchange> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange()
      // Half open: a socket that is about to end by itself could not be reset.
      const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
      socket.on('data', (chunk) => exchange.take(chunk))
      socket.on('end', () => exchange.over())
      socket.on('close', () => exchange.over())
      socket.once('error', reject)
      socket.on('error', () => {})
      exchange.way = {
        write: (bytes) => void socket.write(bytes),
        leave: () => void socket.destroy(),
        // So that its port is free again at once.
        close: () => void (socket.destroyed || socket.resetAndDestroy()),
      }
      socket.once('connect', () => resolve(exchange))
    })
  }

  static async inMemory(served: ServedInMemory): Promise<Exchange> {
    const exchange = new Exchange()
    const socket = await served.connect()
    socket.start({
      onData: (chunk) => exchange.take(chunk),
      onDrain: () => {},
      onEnd: () => exchange.over(),
      onClose: () => exchange.over(),
    })
    exchange.way = { write: (bytes) => void socket.write([bytes]), leave: () => socket.destroy(), close: () => socket.destroy() }
    return exchange
  }

  private take(chunk: Uint8Array): void {
    this.splitter.push(chunk)
    for (let frame = this.splitter.next(); frame !== undefined; frame = this.splitter.next()) this.come.push(frame)
    this.tell()
  }

  private over(): void {
    this.isOver = true
    this.tell()
  }

  write(bytes: Uint8Array): void {
    this.way.write(bytes)
  }

  /** Null: the server has closed. */
  next(): Promise<Uint8Array | null> {
    const frame = this.come.shift()
    if (frame !== undefined) return Promise.resolve(frame)
    if (this.isOver) return Promise.resolve(null)
    return new Promise((resolve) => {
      this.waiting = resolve
    })
  }

  private tell(): void {
    if (this.waiting === null || (this.come.length === 0 && !this.isOver)) return
    const tell = this.waiting
    this.waiting = null
    tell(this.come.shift() ?? null)
  }

  async expectClosed(): Promise<void> {
    if ((await this.next()) !== null) throw new Error('an answer instead of the end of the connection')
  }

  leave(): void {
    this.isOver = true
    this.way.leave()
  }

  close(): void {
    this.way.close()
  }
}
