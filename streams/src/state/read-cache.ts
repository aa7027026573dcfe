import type { Entry } from './entry.ts'

/** What an entry costs beside its bytes: the map's slot, the object, the head of the decoded value. */
export const entryOverheadBytes = 100

/**
 * Decoded rows of one store as the engine has them, bounded in bytes; a deletion in it says that the engine has no such row.
 *
 *   young   rows read since, and the rows of the last large flush
 *   old     the young ones of before; what is asked for here becomes young again
 *
 * When the young ones have half of the bytes they become the old ones. (Cheaper than a list by recency: a hit among the young
 * changes nothing, and the rows of a flush come in as the map that they are.)
 */
export class ReadCache<V> {
  readonly #halfBytes: number
  #young: Map<string, Entry<V>> = new Map()
  #old: Map<string, Entry<V>> = new Map()
  #youngBytes = 0
  #oldMeanBytes = 0

  constructor(maxBytes: number) {
    this.#halfBytes = maxBytes / 2
  }

  get(row: string): Entry<V> | undefined {
    return this.#young.get(row) ?? this.#promote(row)
  }

  /** A row that was read from the engine. */
  add(row: string, entry: Entry<V>, valueBytes: number): void {
    this.#young.set(row, entry)
    this.#youngBytes += row.length + valueBytes + entryOverheadBytes
    if (this.#youngBytes > this.#halfBytes) this.#turn(new Map(), 0)
  }

  /** The rows of a flush, which the engine has now. The map is the cache's from here on. */
  adopt(rows: Map<string, Entry<V>>, bytes: number): void {
    if (bytes > this.#halfBytes) this.clear()
    else if (rows.size > this.#young.size / 4) this.#turn(rows, bytes)
    else for (const [row, entry] of rows) this.add(row, entry, bytes / rows.size - row.length - entryOverheadBytes)
  }

  clear(): void {
    this.#turn(new Map(), 0)
    this.#old = new Map()
  }

  /** What stands among the young hides what the old ones say of the same row. */
  #promote(row: string): Entry<V> | undefined {
    const entry = this.#old.get(row)
    if (entry !== undefined) this.add(row, entry, this.#oldMeanBytes - row.length - entryOverheadBytes)
    return entry
  }

  #turn(young: Map<string, Entry<V>>, bytes: number): void {
    this.#oldMeanBytes = this.#young.size === 0 ? 0 : this.#youngBytes / this.#young.size
    this.#old = this.#young
    this.#young = young
    this.#youngBytes = bytes
  }
}
