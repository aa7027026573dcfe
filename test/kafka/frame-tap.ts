import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { FrameSplitter, openRequest, type ApiName } from '@millrace/core/testing'

/** A frame that went by, without its size. */
export interface TappedFrame {
  readonly kind: 'request' | 'response'
  readonly name: ApiName
  readonly version: number
  readonly clientId: string | null
  readonly bytes: Uint8Array
}

/**
 * Stands between clients and a broker, which advertises the tap's address as its own, passes all bytes on as they come, and keeps
 * every frame in both directions.
 */
export class FrameTap implements AsyncDisposable {
  /** `host:port`, for clients. */
  readonly address: string
  readonly frames: TappedFrame[] = []
  /** Requests that we do not serve, as `key v3`. */
  readonly unknown: Set<string> = new Set()
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private target: string | undefined

  private constructor(server: Server) {
    this.server = server
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (client) => this.connect(client))
  }

  static async listen(): Promise<FrameTap> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FrameTap(server)
  }

  /** From now on to this broker; before, connections are closed at once. */
  leadTo(bootstrap: string): void {
    this.target = bootstrap
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private connect(client: Socket): void {
    if (this.target === undefined) return void client.destroy()
    const [host, port] = this.target.split(':')
    const broker = connect(Number(port), host)
    const sent = new Map<number, Omit<TappedFrame, 'kind' | 'bytes'>>()
    this.pass(client, broker, (frame) => this.keepRequest(frame, sent))
    this.pass(broker, client, (frame) => this.keepResponse(frame, sent))
  }

  private pass(from: Socket, to: Socket, keep: (frame: Uint8Array) => void): void {
    const splitter = new FrameSplitter(2 ** 31 - 1)
    this.sockets.add(from)
    from.on('data', (piece) => {
      splitter.push(piece)
      for (let frame = splitter.next(); frame !== undefined; frame = splitter.next()) keep(frame)
      to.write(piece)
    })
    from.on('error', () => {
      // What follows is its close.
    })
    from.on('close', () => {
      this.sockets.delete(from)
      to.destroy()
    })
  }

  private keepRequest(bytes: Uint8Array, sent: Map<number, Omit<TappedFrame, 'kind' | 'bytes'>>): void {
    const request = openRequest(bytes)
    if (request.kind !== 'known') {
      this.unknown.add(`${request.kind === 'unknownKey' ? request.key : request.name} v${request.version}`)
      return
    }
    const { name, version, clientId } = request
    sent.set(request.correlationId, { name, version, clientId })
    this.frames.push({ kind: 'request', name, version, clientId, bytes })
  }

  private keepResponse(bytes: Uint8Array, sent: Map<number, Omit<TappedFrame, 'kind' | 'bytes'>>): void {
    const correlationId = Buffer.from(bytes.buffer, bytes.byteOffset, 4).readInt32BE()
    const request = sent.get(correlationId)
    sent.delete(correlationId)
    if (request !== undefined) this.frames.push({ kind: 'response', ...request, bytes })
  }
}
