/** The rows of a store in the order of a secondary index of it. */
import type { ScanRange, StoreRow } from '../task/scans.ts'
import { behindIndexKey, orderedBytes, rowOfIndexRow, type IndexRowKeys } from './index-row-keys.ts'
import { writtenOf } from './row-keys.ts'
import { behind, scanShown, type RowRange } from './row-scan.ts'
import type { SealedEngine } from './sealed-engine.ts'
import type { IndexedStore } from './task-stores.ts'

/**
 * The entries are those of the moment at which the first is asked for; each row is read when it comes, and passed over when it does
 * not stand under its entry any more.
 */
export function scanIndex(
  { store, index, number }: IndexedStore,
  engine: SealedEngine,
  range: Exclude<ScanRange, { readonly by: 'start' }>,
): AsyncIterable<StoreRow> {
  const entries = { layers: index.layers, keys: index.keys, number }
  return scanShown(entries, engine, rangeIn(index.keys, range), 'open', (entry) => {
    const row = rowOfIndexRow(entry)
    const found = store.layers.read(row)
    if (found === undefined) return undefined
    const key = store.keys.keys.keyOf(row)
    return index.entryOf(row, key, found.value) === entry ? { key, start: -1, row: found } : undefined
  })
}

function rangeIn(keys: IndexRowKeys, range: Exclude<ScanRange, { readonly by: 'start' }>): RowRange {
  const { reverse } = range
  if (range.by === 'prefix') {
    const from = orderedBytes(range.prefix)
    return { from, to: behind(from), reverse }
  }
  const written = (key: unknown): Uint8Array | string => writtenOf(keys.keys.textOf(key))
  return {
    from: range.from === undefined ? null : orderedBytes(written(range.from)),
    to: range.to === undefined ? null : behindIndexKey(written(range.to)),
    reverse,
  }
}
