/**
 * Stream sockets, as a server and a client of the wire protocol use them. Bytes come as views that belong to the receiver: a chunk may be
 * kept, and pins as much memory as the network gave at once.
 */
export interface Net {
  /** Listens; resolves when connections are taken. @throws NetError */
  listen(place: ListenPlace, accept: (socket: NetSocket) => void): Promise<NetListener>
  /** @throws NetError */
  connect(place: ConnectPlace): Promise<NetSocket>
}

export interface NetPlace {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  /** To listen, 0 takes a free one. */
  readonly port: number
}

export interface ListenPlace extends NetPlace {
  /**
   * Absent: plain text. It is asked for each connection, so that certificates can be changed while it listens; the same object as
   * before costs nothing. What `clients` is holds from the first time on.
   */
  readonly tls?: () => ServerTls
  /** Asked before anything else: null closes the connection. Else what it gives is called when the connection has ended, once. */
  readonly admit?: (remote: NetPlace) => (() => void) | null
  /** A handshake that failed, and why. */
  readonly onRefused?: (error: Error, remote: NetPlace) => void
}

export interface ConnectPlace extends NetPlace {
  readonly tls?: ClientTls
  /** Default: as long as the system tries. */
  readonly timeoutMs?: number
}

/** PEM texts. TLS 1.2 and later are spoken. */
export interface ServerTls {
  readonly certificate: string
  readonly key: string
  /** Of a key that is encrypted. */
  readonly passphrase?: string
  /** Authorities whose certificates clients may have. */
  readonly authorities?: string
  /** `required`: a client without a good certificate gets no connection. `requested`: one without any does, one with a bad one does not. */
  readonly clients: 'none' | 'requested' | 'required'
}

export interface ClientTls {
  /** PEM texts. Default: those of the system. */
  readonly authorities?: string
  readonly certificate?: string
  readonly key?: string
  /** Default true. */
  readonly verify?: boolean
}

export interface NetListener {
  readonly place: NetPlace
  /** Takes no more connections; those that are open stay. */
  close(): Promise<void>
}

/**
 *   open ── end() ──> half closed ──> closed       `onClose` comes once, in any case
 */
export interface NetSocket {
  /** Of the other side, for messages and rules by address. */
  readonly remote: NetPlace
  /** Of a client that has shown a certificate that was verified: its subject, as RFC 2253 writes it; else null. */
  readonly subject: string | null
  /** Calls back with all that comes, from now on. */
  start(on: SocketEvents): void
  /** Hands over chunks in their order. False: wait for `onDrain` before more, or memory grows. Does nothing once closed. */
  write(chunks: readonly Uint8Array[]): boolean
  /** Bytes that were handed over and not sent yet. */
  readonly waitingBytes: number
  pause(): void
  resume(): void
  /** Sends what waits, then closes. */
  end(): void
  /** Closes at once; what waits is lost. */
  destroy(): void
}

export interface SocketEvents {
  readonly onData: (chunk: Uint8Array) => void
  readonly onDrain: () => void
  /** The other side sends nothing more. */
  readonly onEnd: () => void
  /** `error`: why, where it was not in peace. */
  readonly onClose: (error: Error | null) => void
}

/** What the system answered. */
export class NetError extends Error {
  /** As the system names it: EADDRINUSE, ECONNREFUSED, … */
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'NetError'
    this.code = code
  }
}
