/**
 * Names of rows in the order of their engine keys, so that a scan of a stretch does not look at all that waits for a flush.
 *
 *   ordered   [ row, bytes of its engine key ]  by the bytes, each row once
 *   fresh     rows that came since the last look
 *
 * Invariant O1: it has every row that was added. Rows that have gone since may be there still: whoever looks asks for their entries.
 */
import type { RowKeys } from './row-keys.ts'
import { Scratch } from './scratch.ts'

export interface OrderedRow {
  readonly row: string
  readonly bytes: Uint8Array
}

/** `from <= bytes < to`; null: no bound. */
export interface ByteRange {
  readonly from: Uint8Array | null
  readonly to: Uint8Array | null
}

/** So few are put in one by one; more are merged with all. */
const few = 16

export class RowOrder {
  readonly #keys: RowKeys
  readonly #scratch: Scratch = new Scratch()
  #ordered: OrderedRow[] = []
  #fresh: Set<string> = new Set()

  constructor(keys: RowKeys) {
    this.#keys = keys
  }

  /** Of them all, those that came twice once. */
  get size(): number {
    return this.#ordered.length + this.#fresh.size
  }

  add(row: string): void {
    this.#fresh.add(row)
  }

  within({ from, to }: ByteRange): readonly OrderedRow[] {
    this.#settle()
    const first = from === null ? 0 : this.#indexOf(from)
    return this.#ordered.slice(first, to === null ? undefined : this.#indexOf(to))
  }

  #settle(): void {
    if (this.#fresh.size === 0) return
    const fresh = Array.from(this.#fresh, (row) => ({ row, bytes: this.#bytesOf(row) }))
    this.#fresh = new Set()
    if (fresh.length <= few) for (const one of fresh) this.#insert(one)
    else this.#ordered = merged(this.#ordered, fresh.sort(byBytes))
  }

  #insert(one: OrderedRow): void {
    const index = this.#indexOf(one.bytes)
    if (this.#ordered[index]?.row !== one.row) this.#ordered.splice(index, 0, one)
  }

  /** Of the first row at or behind the bytes. */
  #indexOf(bytes: Uint8Array): number {
    let low = 0
    let high = this.#ordered.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (Buffer.compare(this.#ordered[middle]!.bytes, bytes) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #bytesOf(row: string): Uint8Array {
    return Uint8Array.from(this.#scratch.bytes(0, this.#keys.writeEngineKey(row, this.#scratch, 0)))
  }
}

/** The same of rows that are looked at once. */
export function orderedWithin(
  keys: RowKeys,
  layers: readonly (ReadonlyMap<string, unknown> | null)[],
  { from, to }: ByteRange,
): OrderedRow[] {
  const scratch = new Scratch()
  const found = new Map<string, OrderedRow>()
  for (const layer of layers) {
    for (const row of layer?.keys() ?? []) {
      const bytes = scratch.bytes(0, keys.writeEngineKey(row, scratch, 0))
      const isIn = (from === null || Buffer.compare(bytes, from) >= 0) && (to === null || Buffer.compare(bytes, to) < 0)
      if (isIn) found.set(row, { row, bytes: Uint8Array.from(bytes) })
    }
  }
  return [...found.values()].sort(byBytes)
}

function merged(older: readonly OrderedRow[], newer: readonly OrderedRow[]): OrderedRow[] {
  const all: OrderedRow[] = []
  let next = 0
  for (const one of older) {
    while (next < newer.length && byBytes(newer[next]!, one) < 0) all.push(newer[next++]!)
    if (next < newer.length && newer[next]!.row === one.row) next++
    all.push(one)
  }
  for (; next < newer.length; next++) all.push(newer[next]!)
  return all
}

function byBytes(one: OrderedRow, other: OrderedRow): number {
  return Buffer.compare(one.bytes, other.bytes)
}
