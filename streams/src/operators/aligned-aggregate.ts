/**
 * One total a key and window, of windows that are the same for every key (KStreamWindowAggregate; its final rows KIP-825).
 *
 *   row of the store    (key, start of the window) → total
 *
 * A record counts as `late` once for each of its windows that is closed, as in Kafka. Unlike Kafka, which hands a null value to the
 * aggregator here, it is dropped for every kind of windows; and a record that no window holds (before `unlimited` begins) is counted.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { changeOf } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { RecordContext } from '../task/record-context.ts'
import type { Stamped, WindowStore } from '../task/stores.ts'
import type { StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { windowGrid, type WindowGrid } from '../time/window-grid.ts'
import type { Totals } from './aggregate.ts'
import type { AlignedNode, WindowRow } from './window-aggregate.ts'
import { WindowCloser, type OpenWindows } from './window-closer.ts'

export function alignedAggregate(node: AlignedNode, context: TaskContext): OperatorFunction<Rec, WindowRow> {
  const totals = new AlignedTotals(node, context)
  return emitter(
    (rec) => totals.take(rec),
    (out) => totals.emitTo(out),
  )
}

/** Rows that go without a word go so many at a time. */
const handful = 32

interface RowAt {
  /** Null: any of them. */
  readonly key: unknown
  readonly start: number
}

class AlignedTotals implements OpenWindows<RowAt> {
  readonly #node: AlignedNode
  readonly #context: TaskContext
  readonly #record: RecordContext
  readonly #store: WindowStore<unknown, unknown>
  readonly #time: StreamTime
  readonly #grid: WindowGrid
  readonly #closer: WindowCloser<RowAt>
  readonly #isFinal: boolean
  readonly #start: (...args: Parameters<Totals['start']>) => unknown
  readonly #add: (...args: Parameters<Totals['add']>) => unknown
  #out: Subscriber<WindowRow> | undefined

  constructor(node: AlignedNode, context: TaskContext) {
    const { windows, store, emit } = node
    this.#node = node
    this.#context = context
    this.#record = context.record
    this.#store = context.windowStore(store)
    this.#time = context.streamTime(store)
    this.#grid = windowGrid(windows)
    this.#isFinal = emit === 'final'
    const atEnd = this.#isFinal ? 'everything' : 'nothing'
    this.#closer = new WindowCloser<RowAt>({ windows, time: this.#time, context, open: this, atEnd })
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
    const starts = this.#grid.startsAt(rec.timestamp)
    if (starts.length === 0) this.#context.drop('no-window', this.#node.name)
    for (const start of starts) {
      const end = this.#grid.endOf(start)
      if (this.#closer.isLate(end)) this.#context.drop('late', this.#node.name)
      else if (!this.#update(rec, start, end)) break
    }
    this.#closer.ask()
  }

  firstEnd(): number | undefined {
    const start = this.#store.firstStart()
    return start === undefined ? undefined : this.#grid.endOf(start)
  }

  /** Of one end there is one start. */
  rowsAt(): readonly RowAt[] {
    const start = this.#store.firstStart()!
    if (!this.#isFinal)
      return Array.from({ length: Math.ceil(this.#store.countAt(start) / handful) }, () => ({ key: null, start }))
    return this.#store.keysAt(start).map((key) => ({ key, start }))
  }

  close({ key, start }: RowAt): void {
    if (this.#isFinal) this.#emit(key, start)
    else this.#store.deleteAt(start, handful, this.#grid.endOf(start))
  }

  #emit(key: unknown, start: number): void {
    const row = this.#store.get(key, start)
    if (row === undefined) return
    this.#store.delete(key, start, row.timestamp)
    this.#out!.next(new Rec({ key, start, end: this.#grid.endOf(start) }, row.value, row.timestamp))
  }

  /** False: user code threw, and the record is left out from here on. */
  #update(rec: Rec, start: number, end: number): boolean {
    const { key, timestamp } = rec
    this.#context.node = this.#node.name
    this.#record.timestamp = timestamp
    const old = this.#store.get(key, start)
    const total = this.#total(rec, old)
    if (total === skipped) return false
    const stamp = old === undefined ? timestamp : Math.max(timestamp, old.timestamp)
    if (total === null) this.#store.delete(key, start, stamp)
    else this.#store.put(key, start, total, stamp)
    this.#closer.opened(end)
    if (!this.#isFinal) this.#out!.next(new Rec({ key, start, end }, changeOf(total, old), stamp))
    return true
  }

  #total({ key, value }: Rec, old: Stamped<unknown> | undefined): unknown {
    return old === undefined ? this.#start(value, key, this.#record) : this.#add(old.value, value, key, this.#record)
  }
}
