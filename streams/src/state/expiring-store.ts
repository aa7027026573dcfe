/**
 * A key-value store whose rows are found by their timestamps as well.
 *
 *   index, in memory    start of a stretch of time → { keys of rows };  built at open from the rows in the engine
 *
 * Invariants
 *   E1  Every row stands in the index at the stretch of its timestamp. It may stand at others too, where it stood before: an entry is
 *       compared with its row when it is taken, and none is looked for when a row changes.
 */
import type { ExpiringStore } from '../task/stores.ts'
import { LayeredKeyValueStore } from './key-value-store.ts'
import type { KeyTexts } from './row-keys.ts'
import type { RowIndex } from './row-index.ts'
import type { StoreLayers } from './store-layers.ts'
import { WindowIndex } from './window-index.ts'

export class LayeredExpiringStore<K, V> extends LayeredKeyValueStore<K, V> implements ExpiringStore<K, V> {
  readonly #layers: StoreLayers<V>
  readonly #keys: KeyTexts<K>
  readonly #index: WindowIndex<K>
  readonly #widthMs: number

  constructor(layers: StoreLayers<V>, keys: KeyTexts<K>, widthMs: number, indexes: readonly RowIndex<K, V>[]) {
    super(layers, keys, indexes)
    this.#layers = layers
    this.#keys = keys
    this.#index = new WindowIndex((text) => keys.keyOf(text))
    this.#widthMs = widthMs
  }

  override put(key: K, value: V, timestamp: number): void {
    super.put(key, value, timestamp)
    this.noteAt(this.rowOf(key), timestamp)
  }

  hasExpired(through: number): boolean {
    const start = this.#index.firstStart()
    return start !== undefined && start + this.#widthMs - 1 <= through
  }

  takeExpired(through: number, limit: number): readonly K[] {
    const taken: K[] = []
    for (let left = limit; left > 0 && this.hasExpired(through);) {
      const start = this.#index.firstStart()!
      const rows = this.#index.someAt(start, left)
      left -= rows.length
      for (const row of rows) {
        this.#index.remove(start, row)
        if (this.#isAt(row, start)) taken.push(this.#keys.keyOf(row))
      }
    }
    return taken
  }

  override note(row: string): void {
    const time = this.#layers.timeOf(row)
    if (time !== undefined) this.noteAt(row, time)
  }

  noteAt(row: string, timestamp: number): void {
    this.#index.add(this.#startOf(timestamp), row)
  }

  #isAt(row: string, start: number): boolean {
    const time = this.#layers.timeOf(row)
    return time !== undefined && this.#startOf(time) === start
  }

  #startOf(timestamp: number): number {
    return Math.floor(timestamp / this.#widthMs) * this.#widthMs
  }
}
