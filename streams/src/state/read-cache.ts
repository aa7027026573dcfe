import type { Entry } from './entry.ts'

/** What an entry costs beside its bytes: the map's slot, the object, the decoded value's head. */
const entryOverheadBytes = 100

/**
 * Decoded rows of one store as the engine has them, bounded in bytes. Two generations: what is asked for moves to the young
 * one; when that has half of the bytes it becomes the old one, and what nobody asked for in between is gone. (Cheaper than a
 * list by recency: a hit in the young generation changes nothing.)
 */
export class ReadCache<V> {
  readonly #halfBytes: number
  #young: Map<string, Entry<V>> = new Map()
  #old: Map<string, Entry<V>> = new Map()
  #youngBytes = 0

  constructor(maxBytes: number) {
    this.#halfBytes = maxBytes / 2
  }

  get(row: string): Entry<V> | undefined {
    return this.#young.get(row) ?? this.#promote(row)
  }

  put(row: string, entry: Entry<V>, valueBytes: number): void {
    const before = this.#young.size
    this.#young.set(row, entry)
    if (this.#young.size === before) return
    this.#youngBytes += row.length + valueBytes + entryOverheadBytes
    if (this.#youngBytes > this.#halfBytes) this.#turn()
  }

  forget(row: string): void {
    this.#young.delete(row)
    this.#old.delete(row)
  }

  #promote(row: string): Entry<V> | undefined {
    const entry = this.#old.get(row)
    if (entry !== undefined) this.put(row, entry, 0)
    return entry
  }

  #turn(): void {
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
  }
}
