import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import {
  NetError,
  type ConnectPlace,
  type ListenPlace,
  type Net,
  type NetListener,
  type NetPlace,
  type NetSocket,
  type ServerTls,
  type SocketEvents,
} from '../base/net.ts'

/** A handshake that takes longer is given up: nobody holds a connection by being slow. */
const handshakeTimeoutMs = 10_000

/** Sockets of this machine. */
export class NodeNet implements Net {
  async listen(place: ListenPlace, accept: (socket: NetSocket) => void): Promise<NetListener> {
    const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) => {
      if (place.tls === undefined) accept(new NodeSocket(socket))
      else secure(socket, place.tls(), accept)
    })
    await listening(server, place)
    return new NodeListener(server)
  }

  connect(place: ConnectPlace): Promise<NetSocket> {
    return new Promise((resolve, reject) => {
      const { host, port, tls, timeoutMs } = place
      const socket =
        tls === undefined
          ? connect({ host, port, noDelay: true, keepAlive: true })
          : connectTls({
              host,
              port,
              ...(isAddress(host) ? {} : { servername: host }),
              ...(tls.authorities === undefined ? {} : { ca: tls.authorities }),
              ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
              ...(tls.key === undefined ? {} : { key: tls.key }),
              rejectUnauthorized: tls.verify ?? true,
            })
      const fail = (error: Error): void => {
        socket.destroy()
        reject(netError(`cannot connect to ${host}:${port}`, error))
      }
      if (timeoutMs !== undefined)
        socket.setTimeout(timeoutMs, () => fail(Object.assign(new Error('it does not answer'), { code: 'ETIMEDOUT' })))
      socket.once('error', fail)
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        socket.removeListener('error', fail)
        socket.setTimeout(0)
        socket.pause()
        resolve(new NodeSocket(socket))
      })
    })
  }
}

function listening(server: Server, { host, port }: NetPlace): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(netError(`cannot listen on ${host}:${port}`, error)))
    server.listen({ host, port }, resolve)
  })
}

function secure(socket: Socket, tls: ServerTls, accept: (socket: NetSocket) => void): void {
  const { certificate, key, authorities, clients } = tls
  const secureContext = createSecureContext({ cert: certificate, key, ...(authorities === undefined ? {} : { ca: authorities }) })
  const wrapped = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    requestCert: clients !== 'none',
    rejectUnauthorized: clients === 'required',
  })
  const give = (): void => void wrapped.destroy()
  wrapped.setTimeout(handshakeTimeoutMs, give)
  wrapped.once('error', give)
  wrapped.once('secure', () => {
    if (clients === 'required' && !wrapped.authorized) return give()
    wrapped.setTimeout(0)
    wrapped.removeListener('error', give)
    accept(new NodeSocket(wrapped))
  })
  socket.resume()
}

class NodeListener implements NetListener {
  readonly place: NetPlace
  private readonly server: Server

  constructor(server: Server) {
    const { address, port } = server.address() as AddressInfo
    this.place = { host: address, port }
    this.server = server
  }

  /** Resolves at once: connections that are open would hold it up. */
  async close(): Promise<void> {
    this.server.close()
  }
}

class NodeSocket implements NetSocket {
  readonly remote: NetPlace
  private readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
  }

  get subject(): string | null {
    if (!(this.socket instanceof TLSSocket) || !this.socket.authorized) return null
    const { subject } = this.socket.getPeerCertificate()
    return subject === undefined ? null : nameOf(subject as unknown as Readonly<Record<string, string | readonly string[]>>)
  }

  start({ onData, onDrain, onEnd, onClose }: SocketEvents): void {
    let failure: Error | null = null
    this.socket.on('data', onData)
    this.socket.on('drain', onDrain)
    this.socket.on('end', onEnd)
    this.socket.on('error', (error) => {
      failure = error
    })
    this.socket.once('close', () => onClose(failure))
    this.socket.resume()
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.socket.destroyed || !this.socket.writable) return true
    if (chunks.length === 1) return this.socket.write(chunks[0]!)
    this.socket.cork()
    let hasRoom = true
    for (const chunk of chunks) hasRoom = this.socket.write(chunk)
    this.socket.uncork()
    return hasRoom
  }

  get waitingBytes(): number {
    return this.socket.writableLength
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  end(): void {
    this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }
}

function netError(what: string, cause: Error): NetError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'EUNKNOWN'
  return new NetError(code, `${what}: ${cause.message}`, cause)
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':')
}

/** The most particular part first (RFC 2253); what has a meaning there is escaped. */
function nameOf(subject: Readonly<Record<string, string | readonly string[]>>): string {
  const parts = Object.entries(subject).flatMap(([type, values]) => [values].flat().map((value) => `${type}=${escaped(value)}`))
  return parts.toReversed().join(',')
}

function escaped(value: string): string {
  return value.replaceAll(/[,+"\\<>;]|^[ #]| $/g, String.raw`\$&`)
}
