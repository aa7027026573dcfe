/**
 * The stores of operators as plain maps: no bytes of values, no changelog, no layers. Keys are told apart by their bytes, as in
 * the real stores, and a row's value is the very object that was put.
 */
import type { Serializer } from '@millrace/core'
import type { StoreIndex } from '../plan/plan.ts'
import { writtenKey } from '../state/row-keys.ts'
import type { ScanRange, StoreRow } from '../task/scans.ts'
import type { ExpiringStore, GlobalStore, Stamped, WindowStore } from '../task/stores.ts'

interface Row<K, V> extends Stamped<V> {
  readonly key: K
}

/** A row of any store; `start` where the store has windows. */
export interface MemoryRow extends Row<unknown, unknown> {
  readonly start?: number
}

/** What a key-value store or a global table holds. */
export class MemoryStore<K, V> implements ExpiringStore<K, V>, GlobalStore<K, V> {
  readonly name: string
  readonly #key: Serializer<K>
  readonly #indexes: readonly StoreIndex[]
  readonly #rows = new Map<string, Row<K, V>>()

  constructor(name: string, key: Serializer<K>, indexes: readonly StoreIndex[] = []) {
    this.name = name
    this.#key = key
    this.#indexes = indexes
  }

  get(key: K): Stamped<V> | undefined {
    return this.#rows.get(bytesOf(this.#key, key))
  }

  put(key: K, value: V, timestamp: number): void {
    this.#rows.set(bytesOf(this.#key, key), { key, value, timestamp })
  }

  delete(key: K, _timestamp: number): void {
    this.#rows.delete(bytesOf(this.#key, key))
  }

  hasExpired(through: number): boolean {
    return [...this.#rows.values()].some(({ timestamp }) => timestamp <= through)
  }

  takeExpired(through: number, limit: number): readonly K[] {
    const expired = this.rows().filter(({ timestamp }) => timestamp <= through)
    return expired.slice(0, limit).map(({ key }) => key)
  }

  /** In the order of the bytes of the keys. */
  rows(): readonly Row<K, V>[] {
    return sorted(this.#rows)
  }

  /** For a scan; the rows of this moment. */
  rowsIn(range: ScanRange): Iterable<StoreRow> {
    if (range.by !== 'start' && range.index !== undefined) return this.#indexed(range.index, range)
    const isIn = isInRange(this.#key, range)
    const rows = this.rows().filter(({ key }) => isIn(bytesOf(this.#key, key)))
    return inOrder(rows, range).map(({ key, value, timestamp }) => ({ key, start: -1, row: { value, timestamp } }))
  }

  /** The entries of this moment; each row when it comes, if it stands where it stood. */
  *#indexed(name: string, range: ScanRange): Iterable<StoreRow> {
    const index = this.#indexes.find((one) => one.name === name)!
    const isIn = isInRange(index.key, range)
    const entries = this.rows().flatMap(({ key, value }) => {
      const entry = entryOf(index, value, key)
      return entry !== null && isIn(entry) ? [{ key, entry }] : []
    })
    const sortedEntries = entries.toSorted((a, b) => (a.entry === b.entry ? 0 : a.entry < b.entry ? -1 : 1))
    for (const { key, entry } of inOrder(sortedEntries, range)) {
      const row = this.get(key)
      if (row !== undefined && entryOf(index, row.value, key) === entry) yield { key, start: -1, row }
    }
  }
}

export class MemoryWindowStore<K, V> implements WindowStore<K, V> {
  readonly name: string
  readonly #key: Serializer<K>
  readonly #windows = new Map<number, Map<string, Row<K, V>>>()

  constructor(name: string, key: Serializer<K>) {
    this.name = name
    this.#key = key
  }

  get(key: K, start: number): Stamped<V> | undefined {
    return this.#windows.get(start)?.get(bytesOf(this.#key, key))
  }

  put(key: K, start: number, value: V, timestamp: number): void {
    let rows = this.#windows.get(start)
    if (rows === undefined) {
      rows = new Map()
      this.#windows.set(start, rows)
    }
    rows.set(bytesOf(this.#key, key), { key, value, timestamp })
  }

  delete(key: K, start: number, _timestamp: number): void {
    const rows = this.#windows.get(start)
    if (rows === undefined) return
    rows.delete(bytesOf(this.#key, key))
    if (rows.size === 0) this.#windows.delete(start)
  }

  firstStart(): number | undefined {
    return this.#windows.size === 0 ? undefined : Math.min(...this.#windows.keys())
  }

  starts(): readonly number[] {
    return [...this.#windows.keys()]
  }

  keysAt(start: number): readonly K[] {
    return sorted(this.#windows.get(start) ?? new Map<string, Row<K, V>>()).map(({ key }) => key)
  }

  countAt(start: number): number {
    return this.#windows.get(start)?.size ?? 0
  }

  deleteAt(start: number, limit: number, _timestamp: number): number {
    const rows = this.#windows.get(start)
    if (rows === undefined) return 0
    const gone = [...rows.keys()].slice(0, limit)
    for (const key of gone) rows.delete(key)
    if (rows.size === 0) this.#windows.delete(start)
    return gone.length
  }

  /** By start, then in the order of the bytes of the keys. */
  rows(): readonly (Row<K, V> & { readonly start: number })[] {
    const starts = [...this.#windows.keys()].toSorted((a, b) => a - b)
    return starts.flatMap((start) => sorted(this.#windows.get(start)!).map((row) => ({ ...row, start })))
  }

  /** For a scan; the rows of this moment. */
  rowsIn(range: ScanRange): readonly StoreRow[] {
    const { from, to } = range as Extract<ScanRange, { readonly by: 'start' }>
    const rows = this.rows().filter(({ start }) => start >= from && start <= to)
    return inOrder(rows, range).map(({ key, start, value, timestamp }) => ({ key, start, row: { value, timestamp } }))
  }
}

/** Null: it stands nowhere. */
function entryOf({ key: indexKey, of }: StoreIndex, value: unknown, key: unknown): string | null {
  const found = (of as (value: unknown, key: unknown) => unknown)(value, key)
  return found === null || found === undefined ? null : bytesOf(indexKey, found)
}

function isInRange<K>(key: Serializer<K>, range: ScanRange): (bytes: string) => boolean {
  if (range.by === 'prefix') return (bytes) => bytes.startsWith(Buffer.from(range.prefix).toString('latin1'))
  const [from, to] = [range.from, range.to].map((bound) => (bound === undefined ? null : bytesOf(key, bound as K)))
  return (bytes) => (from === null || bytes >= from!) && (to === null || bytes <= to!)
}

/** One character a byte, so that strings compare as the bytes do. */
function bytesOf<K>(serializer: Serializer<K>, key: K): string {
  const bytes = writtenKey(serializer, key)
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1')
}

function inOrder<R>(rows: readonly R[], { reverse }: ScanRange): readonly R[] {
  return reverse ? rows.toReversed() : rows
}

function sorted<R>(rows: ReadonlyMap<string, R>): readonly R[] {
  return [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
