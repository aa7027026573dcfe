/**
 * Values of keys by time, over a window store whose rows are stretches of equal width: what a join, a session or a sliding window keeps.
 * A lookup reads the rows that its times touch, and no iterator.
 *
 *   row of the store    (key, start of the stretch) → the key's values with start <= time < start + width
 *
 * Invariants
 *   R1  A value stands in the stretch of its time. A row that has no value left is gone.
 *   R2  What expires goes by whole stretches, once every time in them is too old.
 */
import type { WindowStore } from '../task/stores.ts'
import { TimedValues, type TimedValue } from '../time/timed-values.ts'

/** A value that takes the place of what stands at its time, or nothing. */
export type TimeChange<V> = TimedValue<V> | { readonly time: number; readonly gone: true }

export class TimeRows<K, V> {
  readonly #store: WindowStore<K, TimedValues<V>>
  readonly #width: number

  /** `widthMs`: the same for as long as the store lives. Lookups should reach over a few stretches. */
  constructor(store: WindowStore<K, TimedValues<V>>, widthMs: number) {
    this.#store = store
    this.#width = widthMs
  }

  /** Those with `from <= time <= to`, in the order of their times, then in that in which they came. */
  between(key: K, from: number, to: number): TimedValue<V>[] {
    const found: TimedValue<V>[] = []
    for (let start = this.#startOf(from); start <= to; start += this.#width) {
      const row = this.#store.get(key, start)?.value
      if (row === undefined) continue
      for (let index = row.indexFrom(from); index < row.size && row.at(index).time <= to; index++) found.push(row.at(index))
    }
    return found
  }

  /** The first that stands at the time. */
  at(key: K, time: number): TimedValue<V> | undefined {
    return this.#store.get(key, this.#startOf(time))?.value.find(time)
  }

  /** The first with `from <= time <= to`. */
  first(key: K, from: number, to: number): TimedValue<V> | undefined {
    for (let start = this.#startOf(from); start <= to; start += this.#width) {
      const row = this.#store.get(key, start)?.value
      const index = row?.indexFrom(from) ?? 0
      if (row === undefined || index === row.size) continue
      return row.at(index).time <= to ? row.at(index) : undefined
    }
    return undefined
  }

  /** One more, behind all that stand at its time. */
  add(key: K, value: TimedValue<V>): void {
    const { start, row } = this.#rowOf(key, value.time)
    this.#put(key, start, row.with(value), value.stamp)
  }

  /** Takes the place of the first that stands at its time. */
  put(key: K, value: TimedValue<V>): void {
    const { start, row } = this.#rowOf(key, value.time)
    const index = row.indexFrom(value.time)
    const isThere = index < row.size && row.at(index).time === value.time
    this.#put(key, start, isThere ? row.replaced(index, value) : row.with(value), value.stamp)
  }

  /** As `put` and `removeAt` for each, in their order, but every row is written once. */
  change(key: K, changes: readonly TimeChange<V>[], stamp: number): void {
    for (const [start, own] of Map.groupBy(changes, ({ time }) => this.#startOf(time))) {
      const last = new Map(own.map((one) => [one.time, one]))
      const changed = [...last.values()].toSorted((one, other) => one.time - other.time)
      this.#put(key, start, merged(this.#rowOf(key, start).row, changed), stamp)
    }
  }

  /** Takes away the first that stands at the time, if there is one. */
  removeAt(key: K, time: number, stamp: number): void {
    const start = this.#startOf(time)
    const row = this.#store.get(key, start)?.value
    const index = row?.indexFrom(time) ?? 0
    if (row === undefined || index === row.size || row.at(index).time !== time) return
    this.#put(key, start, row.without(index), stamp)
  }

  /** Takes away all that stand at the time. False when there was none. */
  clearAt(key: K, time: number): boolean {
    const { start, row } = this.#rowOf(key, time)
    const index = row.indexFrom(time)
    const count = row.indexFrom(time + 1) - index
    if (count > 0) this.#put(key, start, row.without(index, count), time)
    return count > 0
  }

  /** Takes away the first ones of the stretch that begins there. */
  dropFirst(key: K, start: number, count: number): void {
    const row = this.#store.get(key, start)?.value
    if (row !== undefined) this.#put(key, start, row.without(0, count), row.at(count - 1).stamp)
  }

  /** A stretch ends at or before the time. */
  isDue(before: number): boolean {
    const start = this.#store.firstStart()
    return start !== undefined && start + this.#width <= before
  }

  /** As `expire`, at most so many rows; call it again while `isDue`. */
  expireSome(before: number, stamp: number, limit: number): void {
    for (let left = limit; left > 0 && this.isDue(before);) left -= this.#store.deleteAt(this.#store.firstStart()!, left, stamp)
  }

  /** Removes the stretches that end at or before the time. `stamp`: of the deletion. */
  expire(before: number, stamp: number): void {
    while (this.isDue(before)) this.#store.deleteAt(this.#store.firstStart()!, Infinity, stamp)
  }

  /** The start of the first stretch that has anything. */
  firstStart(): number | undefined {
    return this.#store.firstStart()
  }

  /** Everything of the stretch that begins there, by the bytes of the keys, then by time. */
  stretch(start: number): { readonly key: K; readonly value: TimedValue<V> }[] {
    return this.#store
      .keysAt(start)
      .flatMap((key) => (this.#store.get(key, start)?.value.toArray() ?? []).map((value) => ({ key, value })))
  }

  #startOf(time: number): number {
    return Math.floor(time / this.#width) * this.#width
  }

  #rowOf(key: K, time: number): { readonly start: number; readonly row: TimedValues<V> } {
    const start = this.#startOf(time)
    return { start, row: this.#store.get(key, start)?.value ?? TimedValues.of<V>() }
  }

  #put(key: K, start: number, row: TimedValues<V>, stamp: number): void {
    if (row.size === 0) this.#store.delete(key, start, stamp)
    else this.#store.put(key, start, row, stamp)
  }
}

/**
 * A row with other values. `changes`: by time, one for each; of several that stand at one time the first is changed. What stands before
 * `from` is left out.
 */
export function merged<V>(row: TimedValues<V>, changes: readonly TimeChange<V>[], from: number = -Infinity): TimedValues<V> {
  const values: TimedValue<V>[] = []
  let at = row.indexFrom(from)
  for (const change of changes) {
    while (at < row.size && row.at(at).time < change.time) values.push(row.at(at++))
    if (at < row.size && row.at(at).time === change.time) at++
    if (!('gone' in change)) values.push(change)
  }
  while (at < row.size) values.push(row.at(at++))
  return TimedValues.owning(values)
}
