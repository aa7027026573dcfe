/**
 * When something in TimeRows is due: the times at which values stand, smallest first, and their keys.
 *
 *   stretches that nobody has looked at yet    their starts, in a queue
 *   stretches that have been looked at         time → { bytes of a key → key },  and a queue of these times
 *
 * Invariants
 *   D1  A stretch is read when it is the oldest one, once: opening reads no values.
 *   D2  A time may name a key that has nothing there any more; whoever takes the keys looks.
 */
import type { Serializer } from '@millrace/core'
import { StartQueue } from '../state/start-queue.ts'
import type { WindowStore } from '../task/stores.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import type { TimeRows } from './time-rows.ts'

export interface DueTimesParts<V> {
  readonly rows: TimeRows<unknown, V>
  readonly store: WindowStore<unknown, TimedValues<V>>
  readonly widthMs: number
  readonly key: Serializer<unknown>
  /** Whether a value that was stored before is still to come. */
  readonly isOpen: (value: TimedValue<V>) => boolean
}

export class DueTimes<V> {
  readonly #parts: DueTimesParts<V>
  readonly #unread: Set<number>
  readonly #unreadQueue = new StartQueue()
  readonly #keys = new Map<number, Map<string, unknown>>()
  readonly #times = new StartQueue()
  /** Stretches that begin before are read. */
  #readTo = -Infinity

  constructor(parts: DueTimesParts<V>) {
    this.#parts = parts
    this.#unread = new Set(parts.store.starts())
    for (const start of this.#unread) this.#unreadQueue.add(start)
  }

  /** A value stands there now. */
  add(key: unknown, time: number): void {
    if (time < this.#readTo) return this.#note(key, time)
    const start = Math.floor(time / this.#parts.widthMs) * this.#parts.widthMs
    if (this.#unread.has(start)) return
    this.#unread.add(start)
    this.#unreadQueue.add(start)
  }

  /** The smallest time. */
  first(): number | undefined {
    for (;;) {
      const time = this.#times.first((one) => this.#keys.has(one))
      if (time !== undefined) return time
      const start = this.#unreadQueue.first((one) => this.#unread.has(one))
      if (start === undefined) return undefined
      this.#read(start)
    }
  }

  /** In the order of their bytes. */
  keysAt(time: number): readonly unknown[] {
    return [...(this.#keys.get(time) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key)
  }

  /** The value of the key that stood there is gone. */
  drop(key: unknown, time: number): void {
    const keys = this.#keys.get(time)
    if (keys?.delete(this.#textOf(key)) === true && keys.size === 0) this.#keys.delete(time)
  }

  /** Everything at this time is done. */
  remove(time: number): void {
    this.#keys.delete(time)
  }

  #read(start: number): void {
    const { rows, widthMs, isOpen } = this.#parts
    this.#unread.delete(start)
    this.#readTo = start + widthMs
    for (const { key, value } of rows.stretch(start)) if (isOpen(value)) this.#note(key, value.time)
  }

  #note(key: unknown, time: number): void {
    const keys = this.#keys.get(time)
    if (keys === undefined) {
      this.#keys.set(time, new Map([[this.#textOf(key), key]]))
      this.#times.add(time)
    } else keys.set(this.#textOf(key), key)
  }

  /** One character a byte, so that strings compare as the bytes do. */
  #textOf(key: unknown): string {
    const bytes = this.#parts.key.write(key)
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return buffer.toString('latin1')
  }
}
