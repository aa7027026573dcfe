import type { KeyValueStore, Stamped } from '../task/stores.ts'
import type { KeyTexts } from './row-keys.ts'
import type { StoreLayers } from './store-layers.ts'

/** A key-value store over its layers. */
export class LayeredKeyValueStore<K, V> implements KeyValueStore<K, V> {
  readonly name: string
  readonly #layers: StoreLayers<V>
  readonly #keys: KeyTexts<K>
  /** A `put` mostly follows a `get` of the same key: the text is kept between them. */
  #lastKey: K | undefined
  #lastText = ''

  constructor(layers: StoreLayers<V>, keys: KeyTexts<K>) {
    this.name = layers.spec.name
    this.#layers = layers
    this.#keys = keys
  }

  get(key: K): Stamped<V> | undefined {
    return this.#layers.read(this.rowOf(key))
  }

  put(key: K, value: V, timestamp: number): void {
    this.#layers.write(this.rowOf(key), value, timestamp)
  }

  delete(key: K, timestamp: number): void {
    this.#layers.remove(this.rowOf(key), timestamp)
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
