import type { Stamped, WindowStore } from '../task/stores.ts'
import { keyTextOf, startOf, windowRow, type KeyTexts } from './row-keys.ts'
import type { StoreLayers } from './store-layers.ts'
import { WindowIndex } from './window-index.ts'

/** A window store over its layers, and the index of what is open. The index shows what the open step sees. */
export class LayeredWindowStore<K, V> implements WindowStore<K, V> {
  readonly name: string
  readonly #layers: StoreLayers<V>
  readonly #keys: KeyTexts<K>
  readonly #index: WindowIndex<K>
  #lastKey: K | undefined
  #lastStart = Number.NaN
  #lastText = ''
  #lastRow = ''

  constructor(layers: StoreLayers<V>, keys: KeyTexts<K>) {
    this.name = layers.spec.name
    this.#layers = layers
    this.#keys = keys
    this.#index = new WindowIndex((text) => keys.keyOf(text))
  }

  get(key: K, start: number): Stamped<V> | undefined {
    const row = this.#row(key, start)
    // The index knows all rows: most windows of a key are new, and nothing below has to be asked for them.
    return this.#index.has(start, this.#lastText) ? this.#layers.read(row) : undefined
  }

  put(key: K, start: number, value: V, timestamp: number): void {
    this.#layers.write(this.#row(key, start), value, timestamp)
    this.#index.add(start, this.#lastText)
  }

  delete(key: K, start: number, timestamp: number): void {
    this.#layers.remove(this.#row(key, start), timestamp)
    this.#index.remove(start, this.#lastText)
  }

  firstStart(): number | undefined {
    return this.#index.firstStart()
  }

  starts(): readonly number[] {
    return this.#index.starts()
  }

  keysAt(start: number): readonly K[] {
    return this.#index.keysAt(start)
  }

  countAt(start: number): number {
    return this.#index.countAt(start)
  }

  deleteAt(start: number, limit: number, timestamp: number): number {
    const texts = this.#index.someAt(start, limit)
    for (const text of texts) {
      this.#layers.remove(windowRow(start, text), timestamp)
      this.#index.remove(start, text)
    }
    return texts.length
  }

  /** Starts at which the key may have a committed row: those that the index has, and those that the steps under way have changed. */
  committedStarts(key: K): number[] {
    const text = this.#keys.textOf(key)
    const changed = this.#layers.uncommittedRows().filter((row) => keyTextOf(row) === text)
    return [...new Set([...this.#index.startsOf(text), ...changed.map(startOf)])].sort((a, b) => a - b)
  }

  /** Tells the index whether the row is there. */
  note(row: string, isThere: boolean): void {
    if (isThere) this.#index.add(startOf(row), keyTextOf(row))
    else this.#index.remove(startOf(row), keyTextOf(row))
  }

  #row(key: K, start: number): string {
    if (start !== this.#lastStart || !Object.is(key, this.#lastKey)) {
      this.#lastText = this.#keys.textOf(key)
      this.#lastRow = windowRow(start, this.#lastText)
      this.#lastKey = key
      this.#lastStart = start
    }
    return this.#lastRow
  }
}
