/**
 * One total a key and hopping window (KStreamWindowAggregate; its final rows KIP-825). A record is in many windows that begin near one
 * another; they share a row, so that it changes one row, or two, however many they are.
 *
 *   row of the store    (key, stretch of time) → totals of windows that begin in it: time = start, span = 0, or 1 for the mark of H3
 *
 * Invariants
 *   H1  A total stays in its row when its window is closed. It leaves when the row is next written, or goes with the stretch; until then
 *       nobody sees it (app/held-windows.ts).
 *   H2  The rows that a record changes are written before the first of its updates goes out.
 *   H3  Final rows of one window go out in the order of their keys, some at a time; the last one of each time is marked. A task that is
 *       opened again goes on behind the last mark, so what goes out needs no other write.
 *   H4  What has the end that is being closed stands still until a later end is closed: for H3 as for W2 of window-closer.ts.
 *
 * A record counts as `late` once for each of its windows that is closed, as in Kafka. Unlike Kafka, which hands a null value to the
 * aggregator here, it is dropped.
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
import { TimedValues, type TimedValue } from '../time/timed-values.ts'
import { windowGrid, type WindowGrid } from '../time/window-grid.ts'
import type { Totals } from './aggregate.ts'
import { OpenStarts } from './open-starts.ts'
import { StretchExpiry } from './stretch-expiry.ts'
import { merged, TimeRows, type TimeChange } from './time-rows.ts'
import type { HoppingNode, WindowRow } from './window-aggregate.ts'
import { WindowCloser, type OpenWindows } from './window-closer.ts'

export function hoppingAggregate(node: HoppingNode, context: TaskContext): OperatorFunction<Rec, WindowRow> {
  const totals = new HoppingTotals(node, context)
  return emitter(
    (rec) => totals.take(rec),
    (out) => totals.emitTo(out),
  )
}

/** The key may have no total there. */
interface RowAt {
  readonly key: unknown
  readonly start: number
}

/** Spans: whether a total is the last that went out so far. */
const [plain, mark] = [0, 1]

class HoppingTotals implements OpenWindows<RowAt> {
  readonly #node: HoppingNode
  readonly #context: TaskContext
  readonly #record: RecordContext
  readonly #store: WindowStore<unknown, TimedValues<unknown>>
  readonly #rows: TimeRows<unknown, unknown>
  readonly #time: StreamTime
  readonly #grid: WindowGrid
  readonly #size: number
  readonly #widthMs: number
  readonly #open: OpenStarts
  readonly #closer: WindowCloser<RowAt>
  readonly #expiry: StretchExpiry
  readonly #isFinal: boolean
  /** Its rows may have gone out in part before the task was opened. */
  readonly #begunEnd: number
  readonly #start: (...args: Parameters<Totals['start']>) => unknown
  readonly #add: (...args: Parameters<Totals['add']>) => unknown
  /** What the record at hand makes. */
  #made: WindowRow[] = []
  #failed = false
  #lastOut: RowAt | undefined
  #out: Subscriber<WindowRow> | undefined

  constructor(node: HoppingNode, context: TaskContext) {
    const { windows } = node
    this.#node = node
    this.#context = context
    this.#record = context.record
    this.#store = context.windowStore(node.store)
    this.#widthMs = stretchMs(windows)
    this.#rows = new TimeRows(this.#store, this.#widthMs)
    this.#time = context.streamTime(node.store)
    this.#grid = windowGrid(windows)
    this.#size = windows.size
    this.#isFinal = node.emit === 'final'
    this.#begunEnd = this.#time.closedThrough
    this.#open = new OpenStarts(this.#store.starts(), (stretch) => this.#startsIn(stretch))
    const atEnd = this.#isFinal ? 'everything' : 'nothing'
    this.#closer = new WindowCloser<RowAt>({ windows, time: this.#time, context, open: this, atEnd })
    const parts = { store: this.#store, widthMs: this.#widthMs, time: this.#time, context }
    this.#expiry = new StretchExpiry({ ...parts, floor: () => this.#needless })
    this.#start = guarded(node.start, context)
    this.#add = guarded(node.add, context)
  }

  emitTo(out: Subscriber<WindowRow>): void {
    this.#out = out
    this.#closer.begin()
  }

  take(rec: Rec): void {
    if (rec.key === null) return this.#context.drop('null-key', this.#node.name)
    if (rec.value === null) return this.#context.drop('null-value', this.#node.name)
    this.#time.advance(rec.timestamp)
    this.#update(rec)
    this.#closer.ask()
    this.#expiry.ask()
  }

  firstEnd(): number | undefined {
    const start = this.#open.first()
    return start === undefined ? undefined : start + this.#size
  }

  rowsAt(end: number): readonly RowAt[] {
    if (!this.#isFinal) return []
    const start = end - this.#size
    const rows = this.#store.keysAt(this.#stretchOf(start)).map((key) => ({ key, start }))
    if (end !== this.#begunEnd) return rows
    return rows.slice(rows.findLastIndex((row) => this.#at(row)?.span === mark) + 1)
  }

  close(row: RowAt): void {
    const total = this.#at(row)
    if (total === undefined) return
    this.#lastOut = row
    this.#out!.next(new Rec({ ...row, end: row.start + this.#size }, total.value, total.stamp))
  }

  paused(): void {
    if (this.#lastOut === undefined) return
    this.#rows.put(this.#lastOut.key, { ...this.#at(this.#lastOut)!, span: mark })
    this.#lastOut = undefined
  }

  closed(end: number): void {
    this.#open.remove(end - this.#size)
    if (this.#isFinal && (this.firstEnd() ?? Infinity) > this.#closeTime) this.#time.close(this.#closeTime)
    this.#expiry.ask()
  }

  /** Windows that end up to it are closed by time. */
  get #closeTime(): number {
    const { grace } = this.#node.windows
    return grace === 'end-of-input' ? -1 : this.#time.now - grace
  }

  #at({ key, start }: RowAt): TimedValue<unknown> | undefined {
    return this.#rows.at(key, start)
  }

  #stretchOf(start: number): number {
    return Math.floor(start / this.#widthMs) * this.#widthMs
  }

  /** Of a stretch from before. Updates need not know which windows have rows, so that none is read. */
  #startsIn(stretch: number): Iterable<number> {
    const { advance } = this.#node.windows
    if (!this.#isFinal) return Array.from({ length: this.#widthMs / advance }, (_, index) => stretch + index * advance)
    const starts = this.#rows.stretch(stretch).map(({ value }) => value.time)
    return new Set(starts.filter((start) => start + this.#size >= this.#begunEnd))
  }

  /** Windows that begin before are closed. */
  get #floor(): number {
    return Math.max(this.#closeTime, this.#time.closedThrough) - this.#size + 1
  }

  /** Totals of windows that begin before are of no use any more: of final rows H4 holds one end back. */
  get #needless(): number {
    return this.#isFinal ? this.#time.closedThrough - this.#size : this.#floor
  }

  #update(rec: Rec): void {
    this.#context.node = this.#node.name
    this.#record.timestamp = rec.timestamp
    const starts = this.#grid.startsAt(rec.timestamp)
    const floor = this.#floor
    this.#made = []
    this.#failed = false
    let from = 0
    for (; from < starts.length && starts[from]! < floor; from++) this.#context.drop('late', this.#node.name)
    while (from < starts.length && !this.#failed) from = this.#updateStretch(rec, starts, from)
    for (const row of this.#made) this.#out!.next(row)
  }

  /** The windows of one stretch, from an index on; returns the index of the first one behind it. */
  #updateStretch(rec: Rec, starts: readonly number[], from: number): number {
    const stretch = this.#stretchOf(starts[from]!)
    const row = this.#store.get(rec.key, stretch)?.value ?? nothing
    const changes: TimeChange<unknown>[] = []
    let index = from
    for (; index < starts.length && starts[index]! < stretch + this.#widthMs; index++) {
      const change = this.#changeOf(rec, starts[index]!, row)
      if (change === undefined) break
      changes.push(change)
    }
    if (changes.length > 0) this.#put(rec, stretch, merged(row, changes, this.#needless))
    return index
  }

  /** Undefined: user code threw, and the record is left out from here on. */
  #changeOf(rec: Rec, start: number, row: TimedValues<unknown>): TimeChange<unknown> | undefined {
    const { key, value, timestamp } = rec
    const old = row.find(start)
    const total = old === undefined ? this.#start(value, key, this.#record) : this.#add(old.value, value, key, this.#record)
    this.#failed = total === skipped
    if (this.#failed) return undefined
    const stamp = old === undefined ? timestamp : Math.max(timestamp, old.stamp)
    this.#opened(rec, start, old === undefined ? new Change(total, null) : new Change(total, old.value, true, old.stamp), stamp)
    return total === null ? { time: start, gone: true } : { time: start, span: plain, stamp, value: total }
  }

  #opened({ key }: Rec, start: number, change: Change<unknown>, stamp: number): void {
    const end = start + this.#size
    this.#open.add(start)
    this.#closer.opened(end)
    if (!this.#isFinal) this.#made.push(new Rec({ key, start, end }, change, stamp))
  }

  #put({ key, timestamp }: Rec, stretch: number, row: TimedValues<unknown>): void {
    if (row.size === 0) this.#store.delete(key, stretch, timestamp)
    else this.#store.put(key, stretch, row, timestamp)
  }
}

const nothing = TimedValues.of<unknown>()
