/**
 * Two streams joined in time (KStream–KStream: inner, left, outer; KIP-633, KIP-962).
 *
 *   left record at t meets the right ones in [t - before, t + after], both ends included; a right record at t the left ones in
 *   [t - after, t + before]
 *
 * Invariants
 *   J1  A record meets what the other side has, and is kept afterwards: each pair is made once, by the later of the two to come.
 *   J2  A result without a partner is emitted at once when its window had ended as its record came; otherwise by the first record
 *       that moves stream time behind the window's end plus grace (end + grace < stream time), before that record is joined.
 *   J3  What waits for a partner stands by side, time and key; a partner takes away all of one key and time.
 *   J4  A side's rows reach back before + after + grace from the newest record of that side. Older ones are not found, and a
 *       record that is older when it comes is not kept.
 *   J5  A record emits so many results without a partner at most; the rest are events of their own, before the next record.
 *
 * Other than Kafka Streams: what is due is emitted by the record that makes it due, never some records later (theirs looks at the
 * wall clock, and at the time of the last waiting record that it looked at); rows live a millisecond longer, so that the borders of a
 * window are met in order whatever the grace; the end of the input emits what waits; with grace `end-of-input` nothing is emitted
 * without a partner before.
 */
import type { Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { twoInputs, type TwoInputs } from '../rx/two-inlets.ts'
import { Rec } from '../task/rec.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { Grace } from '../time/windows.ts'
import { JoinSide } from './join-side.ts'
import type { OperatorNode } from './node.ts'
import type { Waiting } from './time-queue.ts'

export interface JoinStreamsNode extends OperatorNode {
  readonly kind: 'join-streams'
  readonly beforeMs: number
  readonly afterMs: number
  readonly grace: Grace
  readonly join: (value: unknown, other: unknown, key: unknown) => unknown
  readonly left: string
  readonly right: string
  readonly openLeft: string | null
  readonly openRight: string | null
  /** Of both sides together; null: nothing waits for a partner. */
  readonly time: string | null
  /** Of the stretches of all its stores. */
  readonly widthMs: number
}

export function joinStreams(node: JoinStreamsNode, context: TaskContext): TwoInputs<Rec, Rec, Rec> {
  const join = new StreamJoin(node, context)
  return twoInputs<Rec, Rec, Rec>({
    left: (rec) => join.take(rec, join.left, join.right),
    right: (rec) => join.take(rec, join.right, join.left),
    made: (out) => join.emitTo(out),
  })
}

/** Results without a partner that one record may emit (J5). */
const mostAtOnce = 1_000

class StreamJoin implements Closer {
  readonly left: JoinSide
  readonly right: JoinSide
  readonly #node: JoinStreamsNode
  readonly #context: TaskContext
  readonly #time: StreamTime | null
  readonly #join: (value: unknown, other: unknown, key: unknown) => unknown
  #hasMore = false
  #ended = false
  #idleMs = 0
  #out: Subscriber<Rec> | undefined

  constructor(node: JoinStreamsNode, context: TaskContext) {
    const { beforeMs, afterMs, widthMs, grace } = node
    const common = { node: node.name, widthMs, grace }
    const left = { isLeft: true, store: node.left, open: node.openLeft, backMs: beforeMs, aheadMs: afterMs }
    const right = { isLeft: false, store: node.right, open: node.openRight, backMs: afterMs, aheadMs: beforeMs }
    this.#node = node
    this.#context = context
    this.left = new JoinSide({ ...left, ...common }, context)
    this.right = new JoinSide({ ...right, ...common }, context)
    this.#time = node.time === null ? null : context.streamTime(node.time)
    this.#join = guarded(node.join, context)
  }

  emitTo(out: Subscriber<Rec>): void {
    this.#out = out
    this.#context.addCloser(this)
  }

  take(rec: Rec, mine: JoinSide, other: JoinSide): void {
    const { key, value, timestamp } = rec
    this.#context.node = this.#node.name
    this.#time?.advance(timestamp)
    this.#idleMs = 0
    if (value === null) return this.#context.drop('null-value', this.#node.name)
    if (key !== null) this.#takeKeyed(rec, mine, other)
    else if (mine.open === null) this.#context.drop('null-key', this.#node.name)
    else this.#emit(mine, { key, value, other: null, timestamp })
  }

  closeDue(limit: number): boolean {
    const left = this.#hasMore ? limit - this.#emitClosed(limit) : limit
    if (left > 0) this.left.expire(left)
    if (left > 0) this.right.expire(left)
    return this.#hasMore || this.#hasExpired
  }

  idle(idleMs: number): void {
    this.#idleMs = idleMs
    if (this.#time === null || this.#firstClosed() === undefined) return
    this.#hasMore = true
    this.#context.due(this)
  }

  endOfInput(): void {
    this.#ended = true
    this.#hasMore = this.#time !== null
    if (this.#hasMore) this.#context.due(this)
  }

  #takeKeyed(rec: Rec, mine: JoinSide, other: JoinSide): void {
    const { key, value, timestamp } = rec
    if (timestamp === this.#time?.now) this.#emitClosed(mostAtOnce)
    const partners = other.partnersOf(key, timestamp)
    for (const partner of partners) {
      other.open?.removeAt(key, partner.time)
      this.#emit(mine, { key, value, other: partner.value, timestamp: Math.max(timestamp, partner.time) })
    }
    if (partners.length === 0 && mine.open !== null) this.#takeAlone(rec, mine)
    mine.keep(rec)
    if (this.#hasMore || this.#hasExpired) this.#context.due(this)
  }

  #takeAlone(rec: Rec, mine: JoinSide): void {
    const { key, value, timestamp } = rec
    const isOver = this.#node.grace !== 'end-of-input' && timestamp + mine.aheadMs < this.#time!.now
    if (isOver) this.#emit(mine, { key, value, other: null, timestamp })
    else mine.wait(rec)
  }

  get #hasExpired(): boolean {
    return this.left.isDue || this.right.isDue
  }

  /** Results without a partner, by time, at one time the right ones first; returns how many. */
  #emitClosed(limit: number): number {
    let count = 0
    for (let first = this.#firstClosed(); first !== undefined; first = this.#firstClosed()) {
      if (count === limit) break
      const { side, waiting } = first
      side.open!.pop()
      this.#emit(side, { key: waiting.key, value: waiting.value.value, other: null, timestamp: waiting.value.time })
      count++
    }
    this.left.open?.settle()
    this.right.open?.settle()
    this.#hasMore = count === limit && this.#firstClosed() !== undefined
    return count
  }

  #firstClosed(): { readonly side: JoinSide; readonly waiting: Waiting<unknown, unknown> } | undefined {
    const left = this.left.open?.peek(this.#closedBefore(this.left))
    const right = this.right.open?.peek(this.#closedBefore(this.right))
    if (right !== undefined && (left === undefined || right.value.time <= left.value.time))
      return { side: this.right, waiting: right }
    return left === undefined ? undefined : { side: this.left, waiting: left }
  }

  #closedBefore(side: JoinSide): number {
    if (this.#ended) return Infinity
    return this.#node.grace === 'end-of-input' ? -Infinity : this.#time!.now + this.#idleMs - side.aheadMs - this.#node.grace
  }

  #emit(side: JoinSide, { key, value, other, timestamp }: Result): void {
    const joined = side.isLeft ? this.#join(value, other, key) : this.#join(other, value, key)
    if (joined !== skipped) this.#out!.next(new Rec(key, joined, timestamp))
  }
}

/** A value of one side, and what it meets; null: nothing. */
interface Result {
  readonly key: unknown
  readonly value: unknown
  readonly other: unknown
  readonly timestamp: number
}
