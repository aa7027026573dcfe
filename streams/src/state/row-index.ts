import { streamError } from '../time/stream-errors.ts'
import { indexRow, type IndexRowKeys } from './index-row-keys.ts'
import type { StoreLayers } from './store-layers.ts'
import type { IndexSpec, StoredSerde } from './store-spec.ts'

/** What stands in an index has no value. */
export const nothing: StoredSerde = { name: 'nothing', write: () => new Uint8Array(0), read: () => null }

/** How an entry of an index comes or goes. */
interface EntryChange {
  readonly entry: string
  readonly isThere: boolean
}

/**
 * A secondary index of a key-value store: rows of its own, made from those of the store and changed with them.
 *
 * Invariants
 *   I1  It lies in the same layers as the store, and comes into the engine in the same batch: whatever a reader sees of the one, it
 *       sees of the other. A change of its definition (its name) wipes the engine, and the changelog makes both anew.
 *   I2  `of` depends on value and key alone: what it gave for a value before it gives for it again.
 */
export class RowIndex<K, V> {
  readonly name: string
  readonly layers: StoreLayers<unknown>
  readonly keys: IndexRowKeys
  readonly #store: string
  readonly #of: (value: V, key: K) => unknown

  constructor(store: string, { name, of }: IndexSpec, layers: StoreLayers<unknown>, keys: IndexRowKeys) {
    this.name = name
    this.layers = layers
    this.keys = keys
    this.#store = store
    this.#of = of as unknown as (value: V, key: K) => unknown
  }

  /** The open step changes a row. Undefined: there was none, or there is none any more. */
  changed(row: string, key: K, before: V | undefined, after: V | undefined, timestamp: number): void {
    for (const { entry, isThere } of this.#changes(row, key, before, after)) {
      if (isThere) this.layers.write(entry, null, timestamp)
      else this.layers.remove(entry, timestamp)
    }
  }

  /** A changelog has changed a row, below the open step. */
  restored(row: string, key: K, before: V | undefined, after: V | undefined, timestamp: number): void {
    for (const { entry, isThere } of this.#changes(row, key, before, after)) {
      this.layers.restore(entry, isThere ? noBytes : null, timestamp)
    }
  }

  /** Where a row of this value stands; null: nowhere. */
  entryOf(row: string, key: K, value: V): string | null {
    const indexKey = this.#keyOf(value, key)
    return indexKey === null || indexKey === undefined ? null : indexRow(this.keys.keys.textOf(indexKey), row)
  }

  #changes(row: string, key: K, before: V | undefined, after: V | undefined): readonly EntryChange[] {
    const [from, to] = [before, after].map((value) => (value === undefined ? null : this.entryOf(row, key, value)))
    if (from === to) return []
    return [
      ...(from === null || from === undefined ? [] : [{ entry: from, isThere: false }]),
      ...(to === null || to === undefined ? [] : [{ entry: to, isThere: true }]),
    ]
  }

  #keyOf(value: V, key: K): unknown {
    try {
      return this.#of(value, key)
    } catch (cause) {
      const what = `an index must find its key in every value: ${cause instanceof Error ? cause.message : String(cause)}`
      throw streamError('USER_CODE_FAILED', { what, where: `store ${this.#store}, index ${this.name}`, cause })
    }
  }
}

const noBytes = new Uint8Array(0)
