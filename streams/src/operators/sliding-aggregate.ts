/**
 * One total a key and sliding window (KStreamSlidingWindowAggregate; its final rows KIP-825).
 *
 * For a record at t its own windows are the left one, [t - difference, t], and the right one, [t + 1, t + 1 + difference], which is
 * made when a record lies in it: by a later record, or at once from what the windows here hold of the time after t.
 *
 *   row of the store    (key, stretch of time) → windows that begin in it: time = start, span = 0, or 1 once it went out as final
 *
 * Invariants
 *   L1  A window's stamp is the greatest timestamp in it: so it tells whether anything lies behind a record.
 *   L2  A closed window stays for two differences longer: what it holds begins the windows of records that are not late.
 *   L3  What expires is not seen any more by any record, whether it has left the store or not.
 *
 * A record counts as `late` once for each window of it that is closed, as in Kafka. Unlike Kafka, changes of a new window replace nothing
 * (its old value there is that of the window it was made from), and L2 holds to the millisecond (there it depends on the times of other
 * keys in the store).
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { RecordContext } from '../task/record-context.ts'
import type { WindowStore } from '../task/stores.ts'
import type { StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { stretchMs } from '../time/stretches.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import type { Totals } from './aggregate.ts'
import { DueTimes } from './due-times.ts'
import { StretchExpiry } from './stretch-expiry.ts'
import { TimeRows } from './time-rows.ts'
import type { SlidingNode, WindowRow } from './window-aggregate.ts'
import { WindowCloser, type OpenWindows } from './window-closer.ts'

export function slidingAggregate(node: SlidingNode, context: TaskContext): OperatorFunction<Rec, WindowRow> {
  const totals = new SlidingTotals(node, context)
  return emitter(
    (rec) => totals.take(rec),
    (out) => totals.emitTo(out),
  )
}

/** The total of a window: its time is the start. */
type Window = TimedValue<unknown>

interface RowAt {
  readonly key: unknown
  readonly start: number
}

/** What a record makes of one window. */
interface Update {
  readonly start: number
  readonly total: unknown
  readonly stamp: number
  /** Null: the window is new. */
  readonly previous: unknown
  readonly isNew: boolean
}

const open = 0
const emitted = 1

class SlidingTotals implements OpenWindows<RowAt> {
  readonly #node: SlidingNode
  readonly #difference: number
  readonly #context: TaskContext
  readonly #record: RecordContext
  readonly #rows: TimeRows<unknown, unknown>
  readonly #time: StreamTime
  readonly #closer: WindowCloser<RowAt>
  readonly #due: DueTimes<unknown>
  readonly #expiry: StretchExpiry
  readonly #isFinal: boolean
  readonly #start: (...args: Parameters<Totals['start']>) => unknown
  readonly #add: (...args: Parameters<Totals['add']>) => unknown
  #out: Subscriber<WindowRow> | undefined

  constructor(node: SlidingNode, context: TaskContext) {
    const { windows, key } = node
    const store: WindowStore<unknown, TimedValues<unknown>> = context.windowStore(node.store)
    const widthMs = stretchMs(windows)
    this.#node = node
    this.#difference = windows.difference
    this.#context = context
    this.#record = context.record
    this.#rows = new TimeRows(store, widthMs)
    this.#time = context.streamTime(node.store)
    this.#isFinal = node.emit === 'final'
    this.#due = new DueTimes({ rows: this.#rows, store, widthMs, key, isOpen: ({ span }) => span === open })
    this.#closer = new WindowCloser<RowAt>({ windows, time: this.#time, context, open: this, atEnd: 'everything' })
    this.#expiry = new StretchExpiry({ store, widthMs, time: this.#time, context, floor: () => this.#expiryFloor() })
    this.#start = guarded(node.start, context)
    this.#add = guarded(node.add, context)
  }

  emitTo(out: Subscriber<WindowRow>): void {
    this.#out = out
    if (this.#isFinal) this.#closer.begin()
  }

  take(rec: Rec): void {
    if (rec.key === null) return this.#context.drop('null-key', this.#node.name)
    if (rec.value === null) return this.#context.drop('null-value', this.#node.name)
    this.#time.advance(rec.timestamp)
    if (this.#closer.isLate(rec.timestamp + this.#difference)) this.#context.drop('late', this.#node.name)
    else this.#update(rec)
    if (this.#isFinal) this.#closer.ask()
    this.#expiry.ask()
  }

  firstEnd(): number | undefined {
    const start = this.#due.first()
    return start === undefined ? undefined : start + this.#difference
  }

  rowsAt(end: number): readonly RowAt[] {
    const start = end - this.#difference
    return this.#due.keysAt(start).map((key) => ({ key, start }))
  }

  close({ key, start }: RowAt): void {
    const window = this.#rows.at(key, start)
    if (window === undefined || window.span === emitted) return
    this.#rows.put(key, { ...window, span: emitted })
    this.#out!.next(new Rec(this.#windowed(key, start), window.value, window.stamp))
  }

  closed(end: number): void {
    this.#due.remove(end - this.#difference)
    this.#expiry.ask()
  }

  /** Windows that begin before are not seen any more (L2, L3). */
  #floor(): number {
    const { grace } = this.#node.windows
    const closeTime = grace === 'end-of-input' ? -Infinity : this.#time.now - grace
    return Math.max(closeTime, this.#time.closedThrough) - 2 * this.#difference - 1
  }

  /** What is due as final has to go out before it goes. */
  #expiryFloor(): number {
    return this.#isFinal ? Math.min(this.#floor(), this.#due.first() ?? Infinity) : this.#floor()
  }

  #update(rec: Rec): void {
    const { key, timestamp } = rec
    this.#context.node = this.#node.name
    this.#record.timestamp = timestamp
    const isEarly = timestamp < this.#difference
    const from = Math.max(0, isEarly ? 0 : timestamp - 2 * this.#difference, this.#floor())
    const windows = this.#rows.between(key, from, timestamp + 1)
    const updates = new SlidingUpdates(this, rec, windows)
    if (isEarly) updates.early()
    else updates.inOrder(this.#difference)
    this.#apply(key, updates.made, timestamp)
  }

  #apply(key: unknown, updates: readonly Update[], timestamp: number): void {
    if (updates.length === 0) return
    const changes = updates.map(({ start, total, stamp }) =>
      total === null ? { time: start, gone: true as const } : { time: start, span: open, stamp, value: total },
    )
    this.#rows.change(key, changes, timestamp)
    for (const update of updates) {
      if (this.#isFinal) this.#note(key, update)
      else {
        const change = new Change(update.total, update.previous)
        this.#out!.next(new Rec(this.#windowed(key, update.start), change, update.stamp))
      }
    }
  }

  #note(key: unknown, { start, isNew }: Update): void {
    if (!isNew) return
    this.#due.add(key, start)
    this.#closer.opened(start + this.#difference)
  }

  #windowed(key: unknown, start: number): { readonly key: unknown; readonly start: number; readonly end: number } {
    return { key, start, end: start + this.#difference }
  }

  /** Whether the window takes a record still; one that does not is counted. */
  takes(start: number): boolean {
    if (!this.#closer.isLate(start + this.#difference)) return true
    this.#context.drop('late', this.#node.name)
    return false
  }

  /** The total of the record alone, or behind `before`; `skipped` when user code threw. */
  total({ key, value }: Rec, before: Window | undefined): unknown {
    return before === undefined ? this.#start(value, key, this.#record) : this.#add(before.value, value, key, this.#record)
  }
}

/** What one record makes of the windows of its key: those that hold it, and those that it calls for. */
class SlidingUpdates {
  readonly made: Update[] = []
  readonly #totals: SlidingTotals
  readonly #rec: Rec
  /** By start: all that can hold the record or the one before it, and the window right behind it. */
  readonly #windows: readonly Window[]
  #failed = false

  constructor(totals: SlidingTotals, rec: Rec, windows: readonly Window[]) {
    this.#totals = totals
    this.#rec = rec
    this.#windows = windows
  }

  /** Outputs in the order of Kafka: windows that are there from the latest to the earliest, then the new ones. */
  inOrder(difference: number): void {
    const { timestamp } = this.#rec
    let left: Window | undefined
    let right: Window | undefined
    let previous: number | undefined
    let hasLeft = false
    for (const window of this.#windows.toReversed()) {
      const end = window.time + difference
      if (window.time > timestamp) continue
      if (end < timestamp) {
        left = window
        previous = window.stamp
        break
      }
      this.#add(window)
      if (end > timestamp) right ??= window
      else {
        hasLeft = true
        // A record of this very time has made all its windows.
        if (window.stamp >= timestamp) return
        previous = window.stamp
      }
    }
    if (previous !== undefined && previous + 1 + difference >= timestamp) this.#open(previous + 1)
    if (!hasLeft) {
      const isHeld = previous !== undefined && previous >= timestamp - difference
      this.#make(timestamp - difference, isHeld ? left : undefined)
    }
    this.#copyRight(right)
  }

  /** What comes before `difference` shares one window, so that none begins before 1970. */
  early(): void {
    const { timestamp } = this.#rec
    const shared = this.#windows[0]?.time === 0 ? this.#windows[0] : undefined
    let right: Window | undefined
    for (const window of this.#windows) {
      if (window.time === 0 || window.time > timestamp) continue
      right = window
      this.#add(window)
    }
    this.#copyRight(right ?? shared)
    if (shared !== undefined && shared.stamp < timestamp) this.#open(shared.stamp + 1)
    if (shared === undefined) this.#make(0, undefined)
    else this.#add(shared)
  }

  /** The window right behind the record, from one that holds what comes after it. */
  #copyRight(from: Window | undefined): void {
    const start = this.#rec.timestamp + 1
    if (from === undefined || from.stamp < start || this.#has(start) || this.#failed) return
    this.made.push({ start, total: from.value, stamp: from.stamp, previous: null, isNew: true })
  }

  /** A window with this record alone, unless it is there. */
  #open(start: number): void {
    if (!this.#has(start)) this.#make(start, undefined)
  }

  #has(start: number): boolean {
    return this.#windows.some(({ time }) => time === start)
  }

  #add(window: Window): void {
    if (this.#failed || !this.#totals.takes(window.time)) return
    const total = this.#total(window)
    if (total === skipped) return
    const stamp = Math.max(window.stamp, this.#rec.timestamp)
    this.made.push({ start: window.time, total, stamp, previous: window.value, isNew: false })
  }

  #make(start: number, before: Window | undefined): void {
    if (this.#failed || !this.#totals.takes(start)) return
    const total = this.#total(before)
    if (total === skipped) return
    // The right window of the record before may be the left one of this: it comes twice, as in Kafka.
    const previous = this.made.find((one) => one.start === start)?.total ?? null
    this.made.push({ start, total, stamp: this.#rec.timestamp, previous, isNew: true })
  }

  #total(before: Window | undefined): unknown {
    const total = this.#totals.total(this.#rec, before)
    if (total === skipped) this.#failed = true
    return total
  }
}
