import type { Clock, Timer } from '../base/clock.ts'
import { coreError } from '../base/error-catalogue.ts'
import type { NetSocket } from '../base/net.ts'
import type { FrameSplitter } from '../protocol/frame-splitter.ts'

/** What one frame calls for. */
export interface Call {
  /** It may begin while calls before it are under way: it takes effect in the turn in which it begins. */
  readonly overlaps: boolean
  readonly sizeBytes: number
  /** Resolves to the frame of the answer; null: there is none. Never rejects but to close the connection. */
  readonly run: () => Promise<readonly Uint8Array[] | null>
}

/** @throws what closes the connection */
type Caller = (frame: Uint8Array) => Call

export interface ConnectionLimits {
  /** Of calls that have come and are not answered. */
  readonly maxInHandBytes: number
  readonly maxInHandCalls: number
  /** Answers that wait for a slow reader: nothing more is read or begun until they have gone. */
  readonly maxWaitingBytes: number
  /** A connection that sends nothing for so long, or takes no answer for so long, is closed (connections.max.idle.ms). */
  readonly maxIdleMs: number
  /** So fast a request must come in once it has begun, looked at every `slowFrameMs`: nobody holds memory by being slow. */
  readonly minBytesPerSecond: number
  readonly slowFrameMs: number
}

export interface ConnectionParts {
  readonly socket: NetSocket
  readonly clock: Clock
  readonly frames: FrameSplitter
  readonly call: Caller
  readonly limits: ConnectionLimits
  /** Why, where it was not in peace. */
  readonly onClosed: (error: unknown) => void
}

interface InHand {
  readonly call: Call
  /** Begun: resolves to its answer. */
  answer: Promise<readonly Uint8Array[] | null> | null
}

/**
 * One connection: frames in, answers out.
 *
 * Invariants
 *   C1  Answers leave in the order of their calls.
 *   C2  A call begins when those before it are answered; those that overlap follow each other at once (produces: their order in the log
 *       is that in which they begin).
 *   C3  Memory is bounded: what is in hand, what waits for a slow reader, and one frame that is coming.
 *   C4  A frame that makes no sense closes the connection; what was in hand before it is answered.
 *   C5  `drain` takes nothing more, answers what is in hand, and closes.
 *   C6  Nobody holds it open by silence: neither who sends nothing, or a frame byte by byte, nor who takes nothing. What its own calls
 *       wait for holds it.
 *   C7  While it is muted nothing is read or begun; what has begun is answered (KIP-219). A drain ends it.
 */
export class Connection {
  private readonly parts: ConnectionParts
  private readonly queue: InHand[] = []
  private inHandBytes = 0
  private isPaused = false
  private isDraining = false
  private isClosed = false
  private isAnswering = false
  private limits: ConnectionLimits
  private muted: { readonly until: number; readonly timer: Timer } | null = null
  private failure: unknown = null
  /** It has sent something, or has taken all that waited for it. */
  private lastHeardAt: number
  private idle: Timer | null = null
  /** While a frame is coming. */
  private coming: Timer | null = null
  private framesTaken = 0
  /** Since the last look at it: then it is not the client that is slow. */
  private wasPaused = false

  constructor(parts: ConnectionParts) {
    this.parts = parts
    this.limits = parts.limits
    this.lastHeardAt = parts.clock.monotonic()
  }

  /** Other limits from now on: somebody who is known may send more at once. */
  allow(limits: ConnectionLimits): void {
    this.limits = limits
  }

  start(): void {
    this.parts.socket.start({
      onData: (chunk) => this.take(chunk),
      onDrain: () => this.drained(),
      onEnd: () => this.drain(),
      onClose: (error) => this.closed(error),
    })
    this.watchIdleness()
  }

  private take(chunk: Uint8Array): void {
    if (this.isDraining) return
    this.lastHeardAt = this.parts.clock.monotonic()
    try {
      const { frames, call } = this.parts
      frames.push(chunk)
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) this.accept(call(frame))
      if (this.coming === null && frames.pendingBytes > 0) this.watchFrame()
    } catch (error) {
      this.failure ??= error
      this.drain()
    }
    this.goOn()
  }

  private drained(): void {
    this.lastHeardAt = this.parts.clock.monotonic()
    this.goOn()
  }

  /** Looks at the frame that is coming from time to time: it must have grown, where the fault is not ours. */
  private watchFrame(): void {
    const { clock, frames } = this.parts
    const { slowFrameMs, minBytesPerSecond } = this.limits
    const { framesTaken: before } = this
    this.wasPaused = this.isPaused
    const { pendingBytes: bytes } = frames
    const look = (): void => {
      this.coming = null
      if (this.isClosed || frames.pendingBytes === 0) return
      const isSlow = this.framesTaken === before && frames.pendingBytes - bytes < (minBytesPerSecond * slowFrameMs) / 1_000
      if (isSlow && !this.wasPaused) this.destroy(coreError('FRAME_INVALID', { what: 'a request comes in too slowly' }))
      else this.watchFrame()
    }
    this.coming = clock.inBackground(slowFrameMs, look)
  }

  private accept(call: Call): void {
    this.framesTaken++
    this.queue.push({ call, answer: null })
    this.inHandBytes += call.sizeBytes
  }

  /** Begins what may begin, and reads on where there is room. */
  private goOn(): void {
    if (this.isClosed) return
    if (!this.hasSlowReader) this.begin()
    this.regulate()
    if (!this.isAnswering) void this.answer()
  }

  private get hasSlowReader(): boolean {
    return this.parts.socket.waitingBytes > this.limits.maxWaitingBytes
  }

  private begin(): void {
    for (const [index, one] of this.queue.entries()) {
      if (this.muted !== null) return
      if (index > 0 && !(one.call.overlaps && this.queue[index - 1]!.call.overlaps)) return
      one.answer ??= begun(one.call)
    }
  }

  private regulate(): void {
    const { limits, parts } = this
    const { socket } = parts
    const isFull =
      this.isDraining ||
      this.muted !== null ||
      this.inHandBytes >= limits.maxInHandBytes ||
      this.queue.length >= limits.maxInHandCalls ||
      this.hasSlowReader
    if (isFull === this.isPaused) return
    this.isPaused = isFull
    this.wasPaused ||= isFull
    if (isFull) socket.pause()
    else socket.resume()
  }

  /** Sends answers in the order of the calls, for as long as the first in hand has begun. */
  private async answer(): Promise<void> {
    this.isAnswering = true
    try {
      for (let first = this.queue[0]; first !== undefined && first.answer !== null; first = this.queue[0]) {
        const frame = await first.answer
        if (this.isClosed) return
        this.queue.shift()
        this.inHandBytes -= first.call.sizeBytes
        if (frame !== null) this.parts.socket.write(frame)
        if (!this.hasSlowReader) this.begin()
        this.regulate()
      }
    } catch (error) {
      this.failure ??= error
      this.parts.socket.destroy()
      return
    } finally {
      this.isAnswering = false
    }
    if (this.isDraining && this.queue.length === 0) this.end()
  }

  private end(): void {
    const { socket } = this.parts
    socket.end()
    // What still comes is dropped by `take`. Nobody hears that the other side has gone from a socket that is paused.
    socket.resume()
  }

  private watchIdleness(): void {
    const { limits, parts } = this
    const { clock } = parts
    const leftMs = this.lastHeardAt + limits.maxIdleMs - clock.monotonic()
    const isSilent = this.queue.length === 0 || this.hasSlowReader || this.muted !== null
    if (leftMs <= 0 && isSilent) return this.parts.socket.destroy()
    this.idle = clock.inBackground(Math.max(leftMs, 1_000), () => this.watchIdleness())
  }

  /** Nothing is read or begun for so long from now on; what was said before still holds if it is longer. */
  mute(ms: number): void {
    const { clock } = this.parts
    const until = clock.monotonic() + ms
    if (ms <= 0 || this.isDraining || this.isClosed || until <= (this.muted?.until ?? 0)) return
    this.muted?.timer.cancel()
    this.muted = { until, timer: clock.inBackground(ms, () => this.unmute()) }
    this.regulate()
  }

  private unmute(): void {
    this.muted?.timer.cancel()
    this.muted = null
    this.goOn()
  }

  /** Takes nothing more; what is in hand is answered, then the connection ends (C5). */
  drain(): void {
    if (this.isDraining) return
    this.isDraining = true
    this.unmute()
  }

  destroy(error: unknown = null): void {
    this.failure ??= error
    this.parts.socket.destroy()
  }

  private closed(error: unknown): void {
    if (this.isClosed) return
    this.isClosed = true
    this.idle?.cancel()
    this.muted?.timer.cancel()
    this.coming?.cancel()
    this.queue.splice(0)
    this.parts.onClosed(this.failure ?? error)
  }
}

/**
 * A call that fails is heard of when its turn to answer comes. It may fail before, or never have a turn because one before it failed:
 * whoever sends two produces, the second one broken, would otherwise end the process by a rejection that nobody handles.
 */
function begun({ run }: Call): Promise<readonly Uint8Array[] | null> {
  const answer = run()
  answer.catch(() => {})
  return answer
}
