/**
 * Updates of a table, held back (KTableSuppressProcessor, KIP-328).
 *
 *   row of the store    (key, buffer time) → what the key had when nothing of it was held back, and what it has now; both with the
 *                       timestamp of the last update. Buffer time: the end of the key's window, or the timestamp of the first update
 *   in memory           key → its buffer time and bytes, where they are needed: built from the keys of the store when it is opened
 *
 * Invariants
 *   S1  A key has at most one row: a later update takes the place of the one before, and waits no longer.
 *   S2  Rows go out by buffer time, then by the bytes of their keys, each with its own timestamp.
 *   S3  What the end of the input emitted for good does not go out again: an update of such a window is `late`.
 *
 * Stream time is that of the updates. As in Kafka a row goes out when its window's end is not after stream time less grace (and gap, of
 * sessions). A session or a sliding window whose end is just there can still change, by a record of that very time, and then goes out once
 * more; `emitFinal` waits a millisecond longer and emits once. Unlike Kafka, the end of the input emits everything, the buffer is in a store (so it is not bound to
 * memory), a change that goes out says what it replaces downstream and not the last value that was held back; headers are not kept.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import type { Serializer } from '@millrace/core'
import { emitter } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { Suppression } from '../time/suppression.ts'
import { TimedValues } from '../time/timed-values.ts'
import type { Windowed } from '../time/windowed.ts'
import type { Windows } from '../time/windows.ts'
import type { OperatorNode } from './node.ts'
import { SuppressedKeys } from './suppressed-keys.ts'

export interface SuppressNode extends OperatorNode {
  readonly kind: 'suppress'
  readonly store: string
  readonly key: Serializer<unknown>
  readonly value: Serializer<unknown>
  readonly suppression: Suppression<never>
  readonly windows: Windows | null
}

type TableRec = Rec<unknown, Change<unknown>>

export function suppress(node: SuppressNode, context: TaskContext): OperatorFunction<TableRec, TableRec> {
  const buffer = new SuppressBuffer(node, context)
  return emitter(
    (rec) => buffer.take(rec),
    (out) => buffer.emitTo(out),
  )
}

/** Those of one time, in the order in which they go out. */
interface Leaving {
  readonly start: number
  readonly keys: readonly unknown[]
  done: number
}

class SuppressBuffer implements Closer {
  readonly #node: SuppressNode
  readonly #context: TaskContext
  readonly #store: WindowStore<unknown, TimedValues<unknown>>
  readonly #time: StreamTime
  readonly #waitMs: number
  readonly #isFinal: boolean
  readonly #held: SuppressedKeys
  #leaving: Leaving | undefined
  #ended = false
  #idleMs = 0
  #out: Subscriber<TableRec> | undefined

  constructor(node: SuppressNode, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#store = context.windowStore(node.store)
    this.#time = context.streamTime(node.store)
    this.#isFinal = node.suppression.until === 'window-closes'
    this.#waitMs = this.#isFinal ? waitFor(node.windows!) : node.suppression.waitMs
    this.#held = new SuppressedKeys(this.#store, node)
  }

  emitTo(out: Subscriber<TableRec>): void {
    this.#out = out
    this.#context.addCloser(this)
    this.#ask()
  }

  take({ key, value: change, timestamp }: TableRec): void {
    this.#time.advance(timestamp)
    this.#idleMs = 0
    const at = this.#isFinal ? (key as Windowed<unknown>).end : (this.#held.timeOf(key) ?? timestamp)
    if (this.#isFinal && at <= this.#time.closedThrough) {
      if (change.next !== null) this.#context.drop('late', this.#node.name)
    } else this.#hold(key, at, change, timestamp)
    this.#ask()
  }

  closeDue(limit: number): boolean {
    for (let left = limit; left > 0; left--) {
      const start = this.#store.firstStart()
      if (start === undefined) return false
      if (!this.#isDue(start)) {
        if (!this.#held.isOver) return false
        if (this.#node.suppression.whenFull === 'fail') throw this.#full()
      }
      this.#letGo(start)
    }
    return this.#hasDue()
  }

  idle(idleMs: number): void {
    this.#idleMs = idleMs
    this.#ask()
  }

  /** Nothing comes that could change a row any more. */
  endOfInput(): void {
    this.#ended = true
    this.#ask()
  }

  #hold(key: unknown, at: number, change: Change<unknown>, timestamp: number): void {
    const before = this.#store.get(key, at)?.value
    const prior = before === undefined ? change.previous : before.at(0).value
    const row = [prior, change.next].map((value) => ({ time: timestamp, span: 0, stamp: timestamp, value }))
    this.#store.put(key, at, TimedValues.of(row), timestamp)
    this.#held.add(key, at, change.next, before === undefined)
    if (before === undefined && this.#leaving?.start === at) this.#leaving = undefined
  }

  #ask(): void {
    if (this.#hasDue()) this.#context.due(this)
  }

  #hasDue(): boolean {
    const start = this.#store.firstStart()
    return start !== undefined && (this.#isDue(start) || this.#held.isOver)
  }

  #isDue(start: number): boolean {
    return (
      this.#ended || start <= this.#time.now + this.#idleMs - this.#waitMs || (this.#isFinal && start <= this.#time.closedThrough)
    )
  }

  /** The first row of this time. */
  #letGo(start: number): void {
    if (this.#leaving?.start !== start) this.#leaving = { start, keys: this.#store.keysAt(start), done: 0 }
    if (this.#isFinal && (this.#ended || this.#idleMs > 0)) this.#time.close(start)
    const leaving = this.#leaving
    const key = leaving.keys[leaving.done++]
    if (leaving.done === leaving.keys.length) this.#leaving = undefined
    const row = this.#store.get(key, start)
    if (row === undefined) return
    this.#store.delete(key, start, row.timestamp)
    this.#held.remove(key)
    const [prior, next] = row.value.toArray().map(({ value }) => value)
    if (next === null && this.#isFinal) return
    this.#out!.next(new Rec(key, new Change(next, prior), row.timestamp))
  }

  #full(): Error {
    const { store, suppression } = this.#node
    const { maxRecords, maxBytes } = suppression
    return streamError('SUPPRESS_BUFFER_FULL', {
      what: 'updates of a table are held back, and no more have room',
      where: store,
      expected: `at most ${maxRecords} records and ${maxBytes} bytes`,
      received: `${this.#held.count} records and ${this.#held.sizeBytes} bytes`,
    })
  }
}

/** Kafka's: the end of a session, and of a sliding window, counts like that of others here. */
function waitFor(windows: Windows): number {
  if (windows.grace === 'end-of-input') return Infinity
  return windows.kind === 'session' ? windows.grace + windows.gap : windows.grace
}
