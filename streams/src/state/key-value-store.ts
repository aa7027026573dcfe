import type { KeyValueStore, Stamped } from '../task/stores.ts'
import type { KeyTexts } from './row-keys.ts'
import type { RowIndex } from './row-index.ts'
import type { StoreLayers } from './store-layers.ts'

/** A key-value store over its layers. */
export class LayeredKeyValueStore<K, V> implements KeyValueStore<K, V> {
  readonly name: string
  readonly #layers: StoreLayers<V>
  readonly #keys: KeyTexts<K>
  /** A `put` mostly follows a `get` of the same key: the text is kept between them. */
  #lastKey: K | undefined
  #lastText = ''

  readonly #indexes: readonly RowIndex<K, V>[]

  constructor(layers: StoreLayers<V>, keys: KeyTexts<K>, indexes: readonly RowIndex<K, V>[] = []) {
    this.name = layers.spec.name
    this.#layers = layers
    this.#keys = keys
    this.#indexes = indexes
  }

  get(key: K): Stamped<V> | undefined {
    return this.#layers.read(this.rowOf(key))
  }

  put(key: K, value: V, timestamp: number): void {
    const row = this.rowOf(key)
    if (this.#indexes.length > 0) this.#index(row, key, value, timestamp)
    this.#layers.write(row, value, timestamp)
  }

  delete(key: K, timestamp: number): void {
    const row = this.rowOf(key)
    if (this.#indexes.length > 0) this.#index(row, key, undefined, timestamp)
    this.#layers.remove(row, timestamp)
  }

  /** Takes over a changelog record below the open step. Null: deleted. */
  restore(row: string, bytes: Uint8Array | null, timestamp: number): void {
    if (this.#indexes.length > 0) {
      const before = this.#layers.readCommitted(row)?.value
      const after = bytes === null ? undefined : this.#layers.decode(bytes)
      for (const index of this.#indexes) index.restored(row, this.#keys.keyOf(row), before, after, timestamp)
    }
    this.#layers.restore(row, bytes, timestamp)
    this.note(row)
  }

  #index(row: string, key: K, value: V | undefined, timestamp: number): void {
    const before = this.#layers.read(row)?.value
    for (const index of this.#indexes) index.changed(row, key, before, value, timestamp)
  }

  /** The row has changed otherwise than by `put` and `delete`. */
  note(_row: string): void {}

  protected rowOf(key: K): string {
    if (!Object.is(key, this.#lastKey) || this.#lastText === '') {
      this.#lastText = this.#keys.textOf(key)
      this.#lastKey = key
    }
    return this.#lastText
  }
}
