import type { ConnectPlace, NetSocket } from '../base/net.ts'
import { NodeNet } from '../platform/node-net.ts'
import { apiOf, type ApiName, type RequestDraft, type ResponseOf } from '../protocol/apis.ts'
import { FrameSplitter } from '../protocol/frame-splitter.ts'
import { encodeRequest } from '../protocol/request-frame.ts'
import { correlationIdOf, decodeResponse } from '../protocol/response-frame.ts'
import { rangeOf } from '../protocol/versions.ts'

/** A client of the wire, as plain as one can be: it sends what it is told, in the version that it is told. */
export class WireClient implements AsyncDisposable {
  private readonly socket: NetSocket
  private readonly frames = new FrameSplitter(100 << 20)
  private readonly waiting = new Map<number, (frame: Uint8Array | null) => void>()
  private nextId = 1
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>

  private constructor(socket: NetSocket) {
    this.socket = socket
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.start({
      onData: (chunk) => this.take(chunk),
      onDrain: () => {},
      onEnd: () => socket.end(),
      onClose: () => {
        for (const answer of this.waiting.values()) answer(null)
        resolve()
      },
    })
  }

  static async connect(place: ConnectPlace): Promise<WireClient> {
    return new WireClient(await new NodeNet().connect(place))
  }

  /** Over a socket that nobody has started. */
  static over(socket: NetSocket): WireClient {
    return new WireClient(socket)
  }

  private take(chunk: Uint8Array): void {
    this.frames.push(chunk)
    for (let frame = this.frames.next(); frame !== undefined; frame = this.frames.next()) {
      const id = correlationIdOf(frame)
      const answer = this.waiting.get(id)
      this.waiting.delete(id)
      answer?.(frame)
    }
  }

  /** The newest version, where none is given. */
  async ask<Name extends ApiName>(
    name: Name,
    request: RequestDraft<Name>,
    version: number = rangeOf(apiOf(name).versions).max,
  ): Promise<ResponseOf<Name>> {
    const frame = await this.exchange(name, request, version)
    if (frame === null) throw new Error(`the connection ended instead of an answer to ${name}`)
    return decodeResponse(name, version, frame)
  }

  private exchange<Name extends ApiName>(name: Name, request: RequestDraft<Name>, version: number): Promise<Uint8Array | null> {
    const correlationId = this.nextId++
    const { chunks } = encodeRequest(name, { version, correlationId, clientId: 'test' }, request)
    return new Promise((resolve) => {
      this.waiting.set(correlationId, resolve)
      this.socket.write(chunks)
    })
  }

  /** Bytes as they are. */
  send(...chunks: readonly Uint8Array[]): void {
    this.socket.write(chunks)
  }

  /** As if the client died. */
  destroy(): void {
    this.socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.end()
    await this.closed
  }
}
