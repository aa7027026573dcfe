/**
 * A stretch of a store, for queries and for processors: what waits for a flush and what the engine has, in one order, that of the
 * bytes of the engine's keys.
 *
 * Invariants
 *   X1  It shows the commit (for a processor: the open step) at which the first row was asked for: rows that wait are copied then, and the engine's scan begins then.
 *   X2  A row that waits hides the engine's of the same key; a deletion does too, and is not shown.
 *   X3  Ending the loop over it early closes the engine's iterator.
 */
import { storeRange } from './engine-rows.ts'
import type { CommittedRow } from './committed-rows.ts'
import { keyTextOf, startOf, windowRow, type KeyTexts, type RowKeys } from './row-keys.ts'
import { orderedWithin, type ByteRange } from './row-order.ts'
import { Scratch } from './scratch.ts'
import type { ScannedRow, SealedEngine } from './sealed-engine.ts'
import type { ScanRange } from '../task/scans.ts'
import type { Stamped } from '../task/stores.ts'
import type { StoreLayers } from './store-layers.ts'
import type { TaskStore } from './task-stores.ts'

/** `from <= key < to`, keys as in the engine without the number of the store; null: no bound. */
export interface RowRange extends ByteRange {
  readonly reverse: boolean
}

export interface ScanRow<K, V> extends CommittedRow<K, V> {
  /** Rows of several tasks are merged by it. */
  readonly bytes: Uint8Array
}

/** Makes bounds of keys. */
export class RowBounds {
  readonly #keys: RowKeys & { readonly keys: KeyTexts<unknown> }

  constructor(keys: RowKeys & { readonly keys: KeyTexts<unknown> }) {
    this.#keys = keys
  }

  /** From one key to another, both included. */
  between(from: unknown, to: unknown, reverse: boolean): RowRange {
    return {
      from: from === undefined ? null : this.#bytesOf(this.#keys.keys.textOf(from)),
      to: to === undefined ? null : Buffer.concat([this.#bytesOf(this.#keys.keys.textOf(to)), lowest]),
      reverse,
    }
  }

  /** The keys whose bytes begin so. */
  prefix(prefix: Uint8Array, reverse: boolean): RowRange {
    return { from: prefix, to: behind(prefix), reverse }
  }

  /** As a processor asks for it. */
  of(range: ScanRange): RowRange {
    if (range.by === 'prefix') return this.prefix(range.prefix, range.reverse)
    if (range.by === 'key') return this.between(range.from, range.to, range.reverse)
    return this.starts(range.from, range.to, range.reverse)
  }

  /** Of a window store: the windows that begin from one time to another, both included. */
  starts(from: number, to: number, reverse: boolean): RowRange {
    return { from: this.#bytesOf(windowRow(from, '')), to: this.#bytesOf(windowRow(to + 1, '')), reverse }
  }

  #bytesOf(row: string): Uint8Array {
    return bytesOf(this.#keys, row)
  }
}

const lowest = Uint8Array.of(0)
const highestByte = 0xff

/** The first key behind all that begin so; null: there is none. */
export function behind(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === highestByte) length--
  if (length === 0) return null
  const next = Uint8Array.from(prefix.subarray(0, length))
  next[length - 1]!++
  return next
}

function bytesOf(keys: RowKeys, row: string): Uint8Array {
  const scratch = new Scratch()
  return Uint8Array.from(scratch.bytes(0, keys.writeEngineKey(row, scratch, 0)))
}

export function scanRows(
  store: TaskStore,
  engine: SealedEngine,
  range: RowRange,
  of: 'committed' | 'open' = 'committed',
): AsyncGenerator<ScanRow<unknown, unknown>, void, undefined> {
  return scanShown(store, engine, range, of, (row, bytes, value, timestamp) => visible(store, row, bytes, value, timestamp))
}

interface Scanned {
  readonly layers: StoreLayers<unknown>
  readonly keys: RowKeys
  readonly number: number | null
}

/** Of each row what `show` makes of it; undefined: it is left out. */
export async function* scanShown<T>(
  store: Scanned,
  engine: SealedEngine,
  range: RowRange,
  of: 'committed' | 'open',
  show: (row: string, bytes: Uint8Array, value: unknown, timestamp: number) => T | undefined,
): AsyncGenerator<T, void, undefined> {
  const waiting = store.layers.rowsAbove(range, of)
  const hidden = new Set(waiting.map(({ row }) => row))
  if (range.reverse) waiting.reverse()
  const pages = store.number === null ? nothing() : engine.scan(engineRange(store.number, range))
  const sign = range.reverse ? -1 : 1
  let next = 0
  const taken = (): T | undefined => {
    const { row, bytes, entry: given } = waiting[next++]!
    const entry = store.layers.live(given)
    return entry && show(row, bytes, entry.value, entry.timestamp)
  }
  const ended = store.layers.meter.iterate(range.from === null && range.to === null ? 'all' : 'range')
  try {
    for await (const page of pages) {
      for (const { key, timestamp, value } of page) {
        while (next < waiting.length && sign * Buffer.compare(waiting[next]!.bytes, key) < 0) {
          const shown = taken()
          if (shown !== undefined) yield shown
        }
        const row = store.keys.rowOfEngineKey(key)
        const shown = hidden.has(row) ? undefined : show(row, key, store.layers.decode(value), timestamp)
        if (shown !== undefined) yield shown
      }
    }
    while (next < waiting.length) {
      const shown = taken()
      if (shown !== undefined) yield shown
    }
  } finally {
    ended()
  }
}

/** The same of rows that all lie in memory. */
export function rowsInRange(
  rows: ReadonlyMap<string, Stamped<unknown>>,
  keys: RowKeys & { readonly keys: KeyTexts<unknown> },
  rangeOf: (bounds: RowBounds) => RowRange,
): ScanRow<unknown, unknown>[] {
  const range = rangeOf(new RowBounds(keys))
  const found = orderedWithin(keys, [rows], range)
  return (range.reverse ? found.reverse() : found).map(({ row, bytes }) => {
    return { key: keys.keys.keyOf(row), start: -1, row: rows.get(row)!, bytes }
  })
}

async function* nothing(): AsyncGenerator<readonly ScannedRow[], void, undefined> {
  // A store in memory has no engine.
}

function engineRange(
  number: number,
  { from, to, reverse }: RowRange,
): { readonly from: Uint8Array; readonly to: Uint8Array; readonly reverse: boolean } {
  const whole = storeRange(number)
  const behindNumber = (bytes: Uint8Array): Uint8Array => Buffer.concat([whole.from, bytes])
  return { from: from === null ? whole.from : behindNumber(from), to: to === null ? whole.to : behindNumber(to), reverse }
}

function visible(
  { kind, keys }: TaskStore,
  row: string,
  bytes: Uint8Array,
  value: unknown,
  timestamp: number,
): ScanRow<unknown, unknown> {
  const key = keys.keys.keyOf(kind === 'window' ? keyTextOf(row) : row)
  return { key, start: kind === 'window' ? startOf(row) : -1, row: { value, timestamp }, bytes }
}
