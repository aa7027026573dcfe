/**
 * What waits until stream time has passed it, by time: `TimeRows` that are taken from the front.
 *
 * Invariants
 *   Q1  What is taken comes by time, then by the bytes of the keys, then in the order in which it came.
 *   Q2  Only the first stretch is in memory, and only once some of it may be due.
 *   Q3  What was popped leaves the store with `settle`, all of a key in one change of its row.
 */
import type { WindowStore } from '../task/stores.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import { TimeRows } from './time-rows.ts'

export interface Waiting<K, V> {
  readonly key: K
  readonly value: TimedValue<V>
}

interface Loaded<K, V> {
  readonly start: number
  readonly all: readonly Waiting<K, V>[]
  /** Before it everything was popped. */
  at: number
  /** Before it everything has left the store. */
  settled: number
}

export class TimeQueue<K, V> {
  readonly #rows: TimeRows<K, V>
  readonly #width: number
  #loaded: Loaded<K, V> | undefined

  /** `widthMs`: the same for as long as the store lives; small against the time that values wait. */
  constructor(store: WindowStore<K, TimedValues<V>>, widthMs: number) {
    this.#rows = new TimeRows(store, widthMs)
    this.#width = widthMs
  }

  add(key: K, value: TimedValue<V>): void {
    this.#forget(value.time)
    this.#rows.add(key, value)
  }

  between(key: K, from: number, to: number): readonly TimedValue<V>[] {
    return this.#rows.between(key, from, to)
  }

  /** Takes away all of the key at the time. */
  removeAt(key: K, time: number): void {
    if (this.#rows.clearAt(key, time)) this.#forget(time)
  }

  /** The first one, if its time is before that one. */
  peek(before: number): Waiting<K, V> | undefined {
    const loaded = this.#load(before)
    const first = loaded?.all[loaded.at]
    return first !== undefined && first.value.time < before ? first : undefined
  }

  /** Of the one that `peek` gave; `settle` before anything else than peek and pop. */
  pop(): void {
    this.#loaded!.at++
  }

  /** What was popped leaves the store. */
  settle(): void {
    const loaded = this.#loaded
    if (loaded === undefined) return
    const counts = new Map<K, number>()
    for (const { key } of loaded.all.slice(loaded.settled, loaded.at)) counts.set(key, (counts.get(key) ?? 0) + 1)
    for (const [key, count] of counts) this.#rows.dropFirst(key, loaded.start, count)
    loaded.settled = loaded.at
    if (loaded.at === loaded.all.length) this.#loaded = undefined
  }

  /** The stretch that begins first, unless all of it is later. */
  #load(before: number): Loaded<K, V> | undefined {
    if (this.#loaded !== undefined) {
      if (this.#loaded.at < this.#loaded.all.length) return this.#loaded
      this.settle()
    }
    const start = this.#rows.firstStart()
    if (start === undefined || start >= before) return undefined
    const all = this.#rows.stretch(start).toSorted((a, b) => a.value.time - b.value.time)
    this.#loaded = { start, all, at: 0, settled: 0 }
    return this.#loaded
  }

  /** Something changes there, so what is in memory may not be the first any more. */
  #forget(time: number): void {
    if (this.#loaded !== undefined && time < this.#loaded.start + this.#width) this.#loaded = undefined
  }
}
