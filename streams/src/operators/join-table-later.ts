/**
 * A stream and a versioned table, with grace (KIP-923): a record waits until stream time is `graceMs` beyond it, so that rows
 * that came late are there. Stream time is the greatest timestamp of records that have waited: what is dropped does not move it.
 *
 * Invariants
 *   J1  A record that is later than the grace does not wait, it is joined at once. One without a key neither: no row is its.
 *   J2  Records leave the store by time, then by the bytes of their key, then as they came; each in the step that emits it.
 *   J3  A record keeps its headers and its time while it waits.
 */
import type { Header } from '@millrace/core'
import type { OperatorFunction, Subscriber } from 'rxjs'
import { skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { isDropped, joining } from './join-table.ts'
import type { OperatorNode } from './node.ts'
import type { TableView } from './table-view.ts'

export interface JoinTableLaterNode extends OperatorNode {
  readonly kind: 'join-table-later'
  readonly join: (value: unknown, other: unknown, key: unknown) => unknown
  readonly sides: 'inner' | 'left'
  readonly store: string
  readonly graceMs: number
}

/** A record that waits; key and time are those of its row in the store. */
interface Waiting {
  readonly value: unknown
  readonly headers: readonly Header[]
}

/** At the end of a bounded input nothing waits longer, where Kafka Streams keeps it until the stream goes on. */
export function joinTableLater(node: JoinTableLaterNode, table: TableView, context: TaskContext): OperatorFunction<Rec, Rec> {
  const buffer = new WaitingRecords(node, table, context)
  return emitter(
    (rec, out) => buffer.take(rec, out),
    (out) => buffer.emitTo(out),
  )
}

class WaitingRecords implements Closer {
  readonly #node: JoinTableLaterNode
  readonly #context: TaskContext
  readonly #store: WindowStore<unknown, readonly Waiting[]>
  readonly #time: StreamTime
  readonly #joined: (rec: Rec) => unknown
  #out: Subscriber<Rec> | undefined
  #ended = false
  #idleMs = 0

  constructor(node: JoinTableLaterNode, table: TableView, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#store = context.windowStore(node.store)
    this.#time = context.streamTime(node.store)
    this.#joined = joining(node, table, context)
  }

  /** Records may be due from the start: what was being emitted when the task went down. */
  emitTo(out: Subscriber<Rec>): void {
    this.#out = out
    this.#context.addCloser(this)
    this.#askToClose()
  }

  take(rec: Rec, out: Subscriber<Rec>): void {
    this.#idleMs = 0
    if (!isDropped(this.#node, rec, this.#context)) {
      if (rec.key === null || rec.timestamp < this.#time.now - this.#node.graceMs) this.#emit(rec, out)
      else this.#keep(rec)
    }
    this.#askToClose()
  }

  closeDue(limit: number): boolean {
    for (let left = limit; left > 0 && this.#isDue();) left -= this.#emitFirst()
    return this.#isDue()
  }

  idle(idleMs: number): void {
    this.#idleMs = idleMs
    this.#askToClose()
  }

  endOfInput(): void {
    this.#ended = true
    this.#askToClose()
  }

  #keep({ key, value, timestamp }: Rec): void {
    this.#time.advance(timestamp)
    const waiting = this.#store.get(key, timestamp)?.value ?? []
    this.#store.put(key, timestamp, [...waiting, { value, headers: this.#context.record.headers }], timestamp)
  }

  #askToClose(): void {
    if (this.#isDue()) this.#context.due(this)
  }

  #isDue(): boolean {
    const first = this.#store.firstStart()
    return first !== undefined && (this.#ended || first <= this.#time.now + this.#idleMs - this.#node.graceMs)
  }

  /** Everything of the oldest time. Returns how many records. */
  #emitFirst(): number {
    const timestamp = this.#store.firstStart()!
    let emitted = 0
    for (const key of this.#store.keysAt(timestamp)) {
      const waiting = this.#store.get(key, timestamp)!.value
      this.#store.delete(key, timestamp, timestamp)
      for (const { value, headers } of waiting) {
        this.#context.record.headers = headers
        this.#emit(new Rec(key, value, timestamp), this.#out!)
      }
      emitted += waiting.length
    }
    return emitted
  }

  #emit(rec: Rec, out: Subscriber<Rec>): void {
    const result = this.#joined(rec)
    if (result !== skipped) out.next(new Rec(rec.key, result, rec.timestamp))
  }
}
