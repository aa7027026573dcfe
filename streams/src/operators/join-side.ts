import type { Rec } from '../task/rec.ts'
import type { StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { TimedValue } from '../time/timed-values.ts'
import type { Grace } from '../time/windows.ts'
import { TimeQueue } from './time-queue.ts'
import { TimeRows } from './time-rows.ts'

export interface JoinSideOptions {
  /** Of the join, for what it drops. */
  readonly node: string
  readonly isLeft: boolean
  readonly store: string
  /** What waits for a partner; null: nothing does. */
  readonly open: string | null
  /** How much older, and how much newer, records of the other side may be. */
  readonly backMs: number
  readonly aheadMs: number
  readonly widthMs: number
  readonly grace: Grace
}

/** What one side of a join of streams keeps: its rows, for the other side to find, and its records without a partner. */
export class JoinSide {
  readonly isLeft: boolean
  readonly backMs: number
  readonly aheadMs: number
  readonly open: TimeQueue<unknown, unknown> | null
  readonly #context: TaskContext
  readonly #node: string
  readonly #rows: TimeRows<unknown, unknown>
  /** Of the records that were kept. */
  readonly #time: StreamTime
  readonly #retentionMs: number

  constructor({ node, isLeft, store, open, backMs, aheadMs, widthMs, grace }: JoinSideOptions, context: TaskContext) {
    this.isLeft = isLeft
    this.backMs = backMs
    this.aheadMs = aheadMs
    this.open = open === null ? null : new TimeQueue(context.windowStore(open), widthMs)
    this.#context = context
    this.#node = node
    this.#rows = new TimeRows(context.windowStore(store), widthMs)
    this.#time = context.streamTime(store)
    this.#retentionMs = grace === 'end-of-input' ? Infinity : backMs + aheadMs + grace
  }

  /** Those that a record of the other side at that time meets: by time, then as they came. */
  partnersOf(key: unknown, timestamp: number): readonly TimedValue<unknown>[] {
    const from = Math.max(timestamp - this.aheadMs, this.#kept, 0)
    return this.#rows.between(key, from, timestamp + this.backMs)
  }

  /** For the other side to find; one that is too old for that is counted as late. */
  keep({ key, value, timestamp }: Rec): void {
    this.#time.advance(timestamp)
    if (timestamp < this.#kept) return this.#context.drop('late', this.#node)
    this.#rows.add(key, { time: timestamp, span: 0, stamp: timestamp, value })
  }

  wait({ key, value, timestamp }: Rec): void {
    this.open!.add(key, { time: timestamp, span: 0, stamp: timestamp, value })
  }

  get isDue(): boolean {
    return this.#rows.isDue(this.#kept)
  }

  expire(limit: number): void {
    this.#rows.expireSome(this.#kept, this.#time.now, limit)
  }

  /** From this time on records are kept. */
  get #kept(): number {
    return this.#time.now - this.#retentionMs
  }
}
