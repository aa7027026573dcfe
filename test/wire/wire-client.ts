import { connect, type Socket } from 'node:net'
import {
  apiOf,
  decodeResponse,
  encodeRequest,
  FrameSplitter,
  rangeOf,
  type ApiName,
  type RequestDraft,
  type ResponseOf,
} from '@millrace/core/testing'

/** A client of the wire, as plain as one can be: it sends what it is told, in the version that it is told. */
export class WireClient implements Disposable {
  private readonly socket: Socket
  private readonly splitter = new FrameSplitter(2 ** 31 - 1)
  private readonly waiting = new Map<number, (frame: Uint8Array | null) => void>()
  private nextId = 1
  private isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => this.take(chunk))
    socket.on('error', () => {})
    socket.on('close', () => this.closed())
  }

  /** @throws what the system says */
  static connect(port: number): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new WireClient(socket)))
    })
  }

  private take(chunk: Uint8Array): void {
    this.splitter.push(chunk)
    for (let frame = this.splitter.next(); frame !== undefined; frame = this.splitter.next()) {
      const id = Buffer.from(frame.buffer, frame.byteOffset, frame.length).readInt32BE(0)
      const answer = this.waiting.get(id)
      this.waiting.delete(id)
      answer?.(frame)
    }
  }

  private closed(): void {
    this.isClosed = true
    for (const answer of this.waiting.values()) answer(null)
    this.waiting.clear()
  }

  /** In the newest version, where none is given. @throws ConnectionLost */
  async ask<Name extends ApiName>(
    name: Name,
    request: RequestDraft<Name>,
    version: number = rangeOf(apiOf(name).versions).max,
  ): Promise<ResponseOf<Name>> {
    const correlationId = this.nextId++
    const { chunks } = encodeRequest(name, { version, correlationId, clientId: 'test' }, request)
    if (this.isClosed) throw new ConnectionLost(name)
    const frame = await new Promise<Uint8Array | null>((resolve) => {
      this.waiting.set(correlationId, resolve)
      this.socket.write(Buffer.concat(chunks))
    })
    if (frame === null) throw new ConnectionLost(name)
    return decodeResponse(name, version, frame)
  }

  /** With ConnectionLost, once. */
  onClose(tell: (error: ConnectionLost) => void): void {
    if (this.isClosed) tell(new ConnectionLost('nothing'))
    else this.socket.once('close', () => tell(new ConnectionLost('nothing')))
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** The connection has ended: whether what was asked took effect is unknown. */
export class ConnectionLost extends Error {
  constructor(asked: string) {
    super(`the connection ended instead of an answer to ${asked}`)
    this.name = 'ConnectionLost'
  }
}
