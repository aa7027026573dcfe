import type { Serializer } from '@millrace/core'
import type { WindowStore } from '../task/stores.ts'
import type { Suppression } from '../time/suppression.ts'
import type { TimedValues } from '../time/timed-values.ts'

export interface SuppressedParts {
  readonly key: Serializer<unknown>
  readonly value: Serializer<unknown>
  readonly suppression: Suppression<never>
}

interface Held {
  readonly at: number
  readonly sizeBytes: number
}

/** Since when the keys of a buffer wait, and how much room they take. Kept only where something asks for it. */
export class SuppressedKeys {
  readonly #parts: SuppressedParts
  readonly #isKept: boolean
  readonly #held = new Map<string, Held>()
  sizeBytes: number = 0

  constructor(store: WindowStore<unknown, TimedValues<unknown>>, parts: SuppressedParts) {
    const { until, maxRecords, maxBytes } = parts.suppression
    this.#parts = parts
    this.#isKept = until === 'time-limit' || maxRecords < Infinity || maxBytes < Infinity
    if (!this.#isKept) return
    for (const start of store.starts()) {
      for (const key of store.keysAt(start)) {
        // Values are read only for their size: a buffer that has a bound for it is small.
        this.add(key, start, maxBytes < Infinity ? store.get(key, start)!.value.at(1).value : null, true)
      }
    }
  }

  get count(): number {
    return this.#held.size
  }

  get isOver(): boolean {
    const { maxRecords, maxBytes } = this.#parts.suppression
    return this.#held.size > maxRecords || this.sizeBytes > maxBytes
  }

  timeOf(key: unknown): number | undefined {
    return this.#held.get(this.#textOf(key))?.at
  }

  add(key: unknown, at: number, value: unknown, isNew: boolean): void {
    if (!this.#isKept) return
    const text = this.#textOf(key)
    if (!isNew) this.sizeBytes -= this.#held.get(text)?.sizeBytes ?? 0
    const sizeBytes = this.#sizeOf(text, value)
    this.#held.set(text, { at, sizeBytes })
    this.sizeBytes += sizeBytes
  }

  remove(key: unknown): void {
    if (!this.#isKept) return
    const text = this.#textOf(key)
    this.sizeBytes -= this.#held.get(text)?.sizeBytes ?? 0
    this.#held.delete(text)
  }

  /** Of its key and its value; 0 where nothing bounds it. */
  #sizeOf(text: string, value: unknown): number {
    if (this.#parts.suppression.maxBytes === Infinity) return 0
    return text.length + (value === null ? 0 : Buffer.byteLength(this.#parts.value.write(value)))
  }

  /** One character a byte. */
  #textOf(key: unknown): string {
    const bytes = this.#parts.key.write(key)
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return buffer.toString('latin1')
  }
}
