import type { Clock, Timer } from '../../base/clock.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { MillraceError } from '../../base/errors.ts'
import { NetError, type ClientTls, type Net, type NetPlace, type NetSocket } from '../../base/net.ts'
import { apiOf, type ApiName, type RequestDraft, type ResponseOf } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { FrameSplitter } from '../../protocol/frame-splitter.ts'
import { encodeRequest } from '../../protocol/request-frame.ts'
import { correlationIdOf, decodeResponse } from '../../protocol/response-frame.ts'
import { rangeOf, type VersionRange } from '../../protocol/versions.ts'
import { codeName } from './refusals.ts'

/**
 * One connection to one server.
 *
 * Invariants
 *   N1  Answers come in the order of the requests. Another correlation id, a frame that is too large, or an answer that cannot be
 *       read ends the connection: nobody knows what follows.
 *   N2  Every request is settled once: by its answer, or by the error that ended the connection.
 *   N3  At most `maxInFlight` requests are under way; the others wait for their turn, in the order of the calls.
 *   N4  Who does not answer in time is left: an answer that comes later would stand before the next one.
 */
export class Connection {
  readonly place: NetPlace
  private readonly terms: ConnectionTerms
  private readonly socket: NetSocket
  private readonly frames = new FrameSplitter(maxFirstAnswerBytes)
  private readonly inFlight: Exchange[] = []
  private readonly waiting: Exchange[] = []
  private lastId = 0
  /** What the server speaks; null until it has said so. */
  private versions: ReadonlyMap<number, VersionRange> | null = null
  private ended: MillraceError | null = null

  private constructor(place: NetPlace, socket: NetSocket, terms: ConnectionTerms) {
    this.place = place
    this.socket = socket
    this.terms = terms
    socket.start({
      onData: (chunk) => this.take(chunk),
      onDrain: () => {},
      onEnd: () => this.fail(this.lost('the server hung up')),
      onClose: (error) => this.fail(this.lost(error === null ? 'the connection has ended' : error.message, error)),
    })
  }

  /**
   * Connects, and asks what the server speaks.
   * @throws SERVER_UNREACHABLE, NO_KAFKA_SERVER, UNSUPPORTED_VERSION
   */
  static async open(net: Net, place: NetPlace, terms: ConnectionTerms): Promise<Connection> {
    const connection = new Connection(place, await connected(net, place, terms), terms)
    try {
      connection.versions = await connection.negotiate()
      connection.frames.limitBytes = maxAnswerBytes
      await terms.login?.(connection)
      return connection
    } catch (error) {
      connection.close()
      throw connection.versions === null ? connection.unfit(error) : error
    }
  }

  get isOpen(): boolean {
    return this.ended === null
  }

  /**
   * In the newest version that both sides know, and at most `atMost`.
   * @throws UNSUPPORTED_VERSION, CONNECTION_LOST, REQUEST_TIMED_OUT, ANSWER_INVALID; MESSAGE_INVALID for what the version cannot say
   */
  async ask<Name extends ApiName>(name: Name, request: RequestDraft<Name>, terms: AskTerms = {}): Promise<ResponseOf<Name>> {
    return this.exchange(name, this.version(name, terms.atMost), request, terms.timeoutMs ?? this.terms.requestTimeoutMs)
  }

  /** Whether both sides know a version of it. */
  speaks(name: ApiName, from = 0): boolean {
    const common = this.common(name, Infinity)
    return common !== null && common.max >= Math.max(common.min, from)
  }

  private version(name: ApiName, atMost = Infinity): number {
    const common = this.common(name, atMost)
    if (common !== null && common.max >= common.min) return common.max
    const theirs = this.versions?.get(apiOf(name).key)
    throw coreError('UNSUPPORTED_VERSION', {
      what: `the server and this client have no version of ${apiOf(name).name} in common`,
      where: this.where,
      expected: apiOf(name).versions,
      received: theirs === undefined ? 'none' : `${theirs.min}-${theirs.max}`,
    })
  }

  private common(name: ApiName, atMost: number): VersionRange | null {
    const theirs = this.versions?.get(apiOf(name).key)
    const ours = rangeOf(apiOf(name).versions)
    if (theirs === undefined) return null
    return { min: Math.max(ours.min, theirs.min), max: Math.min(ours.max, theirs.max, atMost) }
  }

  /** A server that does not know the version answers in version 0 which ones it knows (KIP-511), and is asked again. */
  private async negotiate(): Promise<ReadonlyMap<number, VersionRange>> {
    const software = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0' }
    const { connectTimeoutMs } = this.terms
    let answer = await this.exchange('apiVersions', 3, software, connectTimeoutMs)
    if (answer.errorCode === errorCodes.UNSUPPORTED_VERSION) answer = await this.exchange('apiVersions', 0, {}, connectTimeoutMs)
    if (answer.errorCode !== errorCodes.NONE) throw this.violation(`it answers ApiVersions with ${codeName(answer.errorCode)}`)
    return new Map(answer.apiKeys.map(({ apiKey, minVersion: min, maxVersion: max }) => [apiKey, { min, max }]))
  }

  private async exchange<Name extends ApiName>(
    name: Name,
    version: number,
    request: RequestDraft<Name>,
    timeoutMs: number,
  ): Promise<ResponseOf<Name>> {
    if (this.ended !== null) throw this.ended
    const correlationId = ++this.lastId & 0x7fff_ffff
    const { chunks } = encodeRequest(name, { version, correlationId, clientId: this.terms.clientId }, request)
    const frame = await new Promise<Uint8Array>((resolve, reject) => {
      const exchange: Exchange = { name, correlationId, chunks, timeoutMs, resolve, reject, timer: null }
      if (this.inFlight.length < maxInFlight) this.send(exchange)
      else this.waiting.push(exchange)
    })
    return this.decoded(name, version, frame)
  }

  private send(exchange: Exchange): void {
    this.inFlight.push(exchange)
    exchange.timer = this.terms.clock.after(exchange.timeoutMs, () => this.fail(this.timedOut(exchange)))
    this.socket.write(exchange.chunks)
  }

  private take(chunk: Uint8Array): void {
    if (this.ended !== null) return
    try {
      this.frames.push(chunk)
      for (let frame = this.frames.next(); frame !== undefined; frame = this.frames.next()) this.answer(frame)
    } catch (error) {
      this.fail(this.violation(foreign(chunk) ?? messageOf(error), error))
    }
  }

  private answer(frame: Uint8Array): void {
    const id = correlationIdOf(frame)
    const exchange = this.inFlight[0]
    if (exchange?.correlationId !== id) {
      this.fail(this.violation(`it answers request ${id}, and ${exchange?.correlationId ?? 'none'} is to be answered`))
      return
    }
    this.inFlight.shift()
    exchange.timer?.cancel()
    const next = this.waiting.shift()
    if (next !== undefined) this.send(next)
    exchange.resolve(frame)
  }

  private decoded<Name extends ApiName>(name: Name, version: number, frame: Uint8Array): ResponseOf<Name> {
    try {
      return decodeResponse(name, name === 'apiVersions' && isRefusedVersion(frame) ? 0 : version, frame)
    } catch (error) {
      const violation = this.violation(messageOf(error), error)
      this.fail(violation)
      throw violation
    }
  }

  /** What waits is refused; the first reason counts. */
  private fail(error: MillraceError): void {
    if (this.ended !== null) return
    this.ended = error
    this.socket.destroy()
    for (const { timer, reject } of [...this.inFlight.splice(0), ...this.waiting.splice(0)]) {
      timer?.cancel()
      reject(error)
    }
  }

  close(): void {
    this.fail(this.lost('the connection was closed here'))
  }

  private get where(): string {
    return `${this.place.host}:${this.place.port}`
  }

  private lost(what: string, cause?: unknown): MillraceError {
    return coreError('CONNECTION_LOST', { what, where: this.where, cause })
  }

  private timedOut({ name, timeoutMs }: Exchange): MillraceError {
    return coreError('REQUEST_TIMED_OUT', { what: `no answer to ${apiOf(name).name} within ${timeoutMs} ms`, where: this.where })
  }

  private violation(what: string, cause?: unknown): MillraceError {
    return coreError('ANSWER_INVALID', { what, where: this.where, cause })
  }

  /** Nothing was asked yet, so that nothing can have been done. */
  private unfit(error: unknown): unknown {
    if (!(error instanceof MillraceError)) return error
    const details = { where: this.where, cause: error }
    switch (error.code) {
      case 'CONNECTION_LOST':
        return coreError('SERVER_UNREACHABLE', { what: 'the server hung up before it said what it speaks', ...details })
      case 'REQUEST_TIMED_OUT':
        return coreError('SERVER_UNREACHABLE', { what: 'the server does not say what it speaks', ...details })
      case 'ANSWER_INVALID':
        return coreError('NO_KAFKA_SERVER', { what: withoutPlace(error), ...details })
      default:
        return error
    }
  }
}

export interface ConnectionTerms {
  readonly clock: Clock
  readonly clientId: string
  /** Of connecting, and of the first answer. */
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly tls?: ClientTls
  /** Says who this is, before anything else is asked. */
  readonly login?: (connection: Connection) => Promise<void>
}

export interface AskTerms {
  /** A version above it means something else, or something that is not wanted. */
  readonly atMost?: number
  /** For requests that wait on purpose. Default: as all. */
  readonly timeoutMs?: number
}

interface Exchange {
  readonly name: ApiName
  readonly correlationId: number
  readonly chunks: readonly Uint8Array[]
  readonly timeoutMs: number
  readonly resolve: (frame: Uint8Array) => void
  readonly reject: (error: unknown) => void
  timer: Timer | null
}

const maxInFlight = 32
/** Above what fetches ask for. */
const maxAnswerBytes = 256 << 20
/** What a server speaks is shorter; what comes as a size from another protocol is larger. */
const maxFirstAnswerBytes = 1 << 20

async function connected(net: Net, place: NetPlace, { connectTimeoutMs, tls }: ConnectionTerms): Promise<NetSocket> {
  try {
    return await net.connect({ ...place, timeoutMs: connectTimeoutMs, ...(tls === undefined ? {} : { tls }) })
  } catch (error) {
    if (!(error instanceof NetError)) throw error
    const where = `${place.host}:${place.port}`
    throw coreError('SERVER_UNREACHABLE', {
      what: 'there is no connection to the server',
      where,
      received: error.code,
      cause: error,
    })
  }
}

/** Behind the correlation id, before all else. */
function isRefusedVersion(frame: Uint8Array): boolean {
  return frame.length >= 6 && ((frame[4]! << 8) | frame[5]!) === errorCodes.UNSUPPORTED_VERSION
}

/** Whose bytes these are, where that is known. */
function foreign(chunk: Uint8Array): string | null {
  if (Buffer.from(chunk.subarray(0, 5)).toString('latin1') === 'HTTP/') return 'it answers in HTTP'
  return chunk[0] === 0x15 && chunk[1] === 0x03 ? 'it speaks TLS' : null
}

function messageOf(error: unknown): string {
  return error instanceof MillraceError ? withoutPlace(error) : String(error)
}

/** `CODE: what (where): …. todo` without code and advice. */
function withoutPlace({ code, message, todo }: MillraceError): string {
  return message.slice(code.length + 2, -todo.length).replace(/[.\s]+$/, '')
}
