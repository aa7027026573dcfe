/**
 * One total a key and window, emitted once (KStreamWindowAggregate with EmitStrategy.onWindowClose, KIP-825).
 *
 * Invariants
 *   A1  Stream time is the greatest timestamp that this operator has seen; a record moves it before it is judged.
 *   A2  A window takes nothing more from its first row on, after a restart too, also of one that died between two rows: `late`.
 *   A3  A row leaves the store in the step that emits it, so it is written once.
 *   A4  Rows are emitted by window start, then by the bytes of their key: the same in every run over the same input.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { RecordContext } from '../task/record-context.ts'
import type { Stamped, WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { Windowed } from '../time/windowed.ts'
import { isClosed, windowStart, type Windows } from '../time/windows.ts'
import type { Totals } from './aggregate.ts'
import type { OperatorNode } from './node.ts'

export interface WindowAggregateNode extends OperatorNode, Totals {
  readonly kind: 'window-aggregate'
  readonly store: string
  readonly windows: Windows
}

/** A row of a closed window on its way out. */
export type WindowRow = Rec<Windowed<unknown>>

export function windowAggregate(node: WindowAggregateNode, context: TaskContext): OperatorFunction<Rec, WindowRow> {
  const windows = new WindowTotals(node, context)
  return emitter(
    (rec) => windows.take(rec),
    (out) => windows.emitTo(out),
  )
}

/** The window whose rows are being emitted; a turn of the loop may end between two of them. */
interface Closing {
  readonly start: number
  readonly end: number
  readonly keys: readonly unknown[]
  done: number
}

class WindowTotals implements Closer {
  readonly #node: WindowAggregateNode
  readonly #context: TaskContext
  readonly #record: RecordContext
  readonly #store: WindowStore<unknown, unknown>
  readonly #time: StreamTime
  readonly #start: (...args: Parameters<Totals['start']>) => unknown
  readonly #add: (...args: Parameters<Totals['add']>) => unknown
  /** The end of the oldest window that has rows; Infinity: none has. */
  #openEnd: number = Infinity
  #closing: Closing | undefined
  #ended = false
  #out: Subscriber<WindowRow> | undefined

  constructor(node: WindowAggregateNode, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#record = context.record
    this.#store = context.windowStore(node.store)
    this.#time = context.streamTime(node.store)
    this.#start = guarded(node.start, context)
    this.#add = guarded(node.add, context)
  }

  /** Rows may be due from the start: what was being closed when the task went down. */
  emitTo(out: Subscriber<WindowRow>): void {
    this.#out = out
    this.#findOldest()
    this.#context.addCloser(this)
    this.#askToClose()
  }

  take(rec: Rec): void {
    if (rec.key === null) return this.#context.drop('null-key')
    if (rec.value === null) return this.#context.drop('null-value')
    this.#time.advance(rec.timestamp)
    const start = windowStart(this.#node.windows, rec.timestamp)
    if (this.#isLate(start + this.#node.windows.size)) this.#context.drop('late')
    else this.#update(rec, start)
    this.#askToClose()
  }

  closeDue(limit: number): boolean {
    let left = limit
    while (left > 0) {
      const closing = (this.#closing ??= this.#nextDue())
      if (closing === undefined) return false
      left -= this.#emit(closing, left)
      if (closing.done === closing.keys.length) this.#closing = undefined
    }
    this.#closing ??= this.#nextDue()
    return this.#closing !== undefined
  }

  endOfInput(): void {
    this.#ended = true
    this.#askToClose()
  }

  #isLate(windowEnd: number): boolean {
    return windowEnd <= this.#time.closedThrough || isClosed(this.#node.windows, windowEnd, this.#time.now)
  }

  #update(rec: Rec, start: number): void {
    this.#context.node = this.#node.name
    this.#record.timestamp = rec.timestamp
    const old = this.#store.get(rec.key, start)
    const total = this.#total(rec, old)
    if (total === skipped) return
    const timestamp = old === undefined ? rec.timestamp : Math.max(rec.timestamp, old.timestamp)
    if (total === null) this.#store.delete(rec.key, start, timestamp)
    else this.#store.put(rec.key, start, total, timestamp)
    this.#openEnd = Math.min(this.#openEnd, start + this.#node.windows.size)
  }

  #total({ key, value }: Rec, old: Stamped<unknown> | undefined): unknown {
    return old === undefined ? this.#start(value, key, this.#record) : this.#add(old.value, value, key, this.#record)
  }

  #askToClose(): void {
    if (this.#isDue()) this.#context.due(this)
  }

  #isDue(): boolean {
    if (this.#openEnd === Infinity) return false
    return this.#ended || this.#isLate(this.#openEnd)
  }

  #nextDue(): Closing | undefined {
    this.#findOldest()
    if (!this.#isDue()) return undefined
    const end = this.#openEnd
    const start = end - this.#node.windows.size
    this.#time.close(end)
    return { start, end, keys: this.#store.keysAt(start), done: 0 }
  }

  #findOldest(): void {
    const start = this.#store.firstStart()
    this.#openEnd = start === undefined ? Infinity : start + this.#node.windows.size
  }

  /** Emits at most `limit` rows; returns how many. */
  #emit(closing: Closing, limit: number): number {
    const { start, end, keys, done } = closing
    const until = Math.min(keys.length, done + limit)
    for (; closing.done < until; closing.done++) this.#emitRow(keys[closing.done], start, end)
    return until - done
  }

  #emitRow(key: unknown, start: number, end: number): void {
    const row = this.#store.get(key, start)
    if (row === undefined) return
    this.#store.delete(key, start, row.timestamp)
    this.#out!.next(new Rec({ key, start, end }, row.value, row.timestamp))
  }
}
