import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, TLSSocket, type SecureContextOptions } from 'node:tls'
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
    const handshakes = new Handshakes()
    const take =
      place.tls === undefined ? (socket: Socket) => accept(new NodeSocket(socket)) : secure(place, place.tls, handshakes, accept)
    const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: place.tls === undefined }, (socket) => {
      if (isAdmitted(socket, place)) take(socket)
    })
    await listening(server, place)
    return new NodeListener(server, handshakes)
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
    server.listen({ host, port }, () => {
      // Of a connection that could not be taken, as where memory or files are short: it is lost, and those after it are not.
      server.on('error', () => {})
      resolve()
    })
  })
}

/** Asked first: nothing has been spent on the connection yet. */
function isAdmitted(socket: Socket, { admit }: ListenPlace): boolean {
  if (admit === undefined) return true
  const leave = admit(placeOf(socket))
  if (leave === null) socket.destroy()
  else socket.once('close', leave)
  return leave !== null
}

/** What makes connections secure. They come from a listener in front of it, which has let them in. */
function secure(
  place: ListenPlace,
  tls: () => ServerTls,
  handshakes: Handshakes,
  accept: (socket: NetSocket) => void,
): (socket: Socket) => void {
  let current = tls()
  const { clients } = current
  const server = createTlsServer({
    ...contextOf(current),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: clients !== 'none',
    rejectUnauthorized: clients === 'required',
  })
  const refuse = (error: Error, socket: Socket): void => {
    socket.destroy()
    place.onRefused?.(netError('a handshake of TLS failed', error), placeOf(socket))
  }
  server.on('tlsClientError', refuse)
  server.on('secureConnection', (socket) => {
    socket.pause()
    handshakes.ended(socket)
    if (isTrusted(socket, clients)) accept(new NodeSocket(socket))
    else refuse(new Error(`the certificate of the client is not good: ${String(socket.authorizationError)}`), socket)
  })
  const renew = (): void => {
    const next = tls()
    if (next === current) return
    current = next
    server.setSecureContext(contextOf(next))
  }
  return (socket) => {
    try {
      renew()
    } catch (error) {
      // What was there goes on.
      place.onRefused?.(netError('a new certificate is not good', error as Error), placeOf(socket))
    }
    handshakes.begun(socket)
    server.emit('connection', socket)
  }
}

function contextOf({ certificate, key, passphrase, authorities }: ServerTls): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(authorities === undefined ? {} : { ca: authorities }),
    minVersion: 'TLSv1.2',
  }
}

/** Where a certificate may be shown, one that is no good is refused: nobody is served as nobody who says who they are. */
function isTrusted(socket: TLSSocket, clients: ServerTls['clients']): boolean {
  if (clients === 'none' || socket.authorized) return true
  return clients === 'requested' && socket.getPeerX509Certificate() === undefined
}

function placeOf(socket: Socket): NetPlace {
  return { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
}

/** Connections that are not secure yet: nobody else knows them when their listener is closed. */
class Handshakes {
  private readonly byPlace = new Map<string, Socket>()

  begun(socket: Socket): void {
    const key = keyOf(socket)
    this.byPlace.set(key, socket)
    socket.once('close', () => this.byPlace.delete(key))
  }

  /** A socket of TLS is another one than that below it; their other side is the same. */
  ended(socket: Socket): void {
    this.byPlace.delete(keyOf(socket))
  }

  destroy(): void {
    for (const socket of this.byPlace.values()) socket.destroy()
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}

class NodeListener implements NetListener {
  readonly place: NetPlace
  private readonly server: Server
  private readonly handshakes: Handshakes

  constructor(server: Server, handshakes: Handshakes) {
    const { address, port } = server.address() as AddressInfo
    this.place = { host: address, port }
    this.server = server
    this.handshakes = handshakes
  }

  /** Resolves at once: connections that are open would hold it up. */
  async close(): Promise<void> {
    this.server.close()
    this.handshakes.destroy()
  }
}

class NodeSocket implements NetSocket {
  readonly remote: NetPlace
  readonly subject: string | null
  private readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    this.remote = placeOf(socket)
    this.subject = socket instanceof TLSSocket ? subjectOf(socket) : null
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

function subjectOf(socket: TLSSocket): string | null {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  return certificate === undefined ? null : nameOf(certificate.subject)
}

/** As RFC 2253 writes it, the most particular part first. Node gives one part a line, escaped as there, in the order of the certificate. */
function nameOf(subject: string): string {
  return subject
    .split('\n')
    .map((part) => part.replaceAll(' + ', '+'))
    .toReversed()
    .join(',')
}
