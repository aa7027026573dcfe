import type { Stamped } from '../task/stores.ts'
import { storeRange } from './engine-rows.ts'
import type { Entry } from './entry.ts'
import { keyTextOf, startOf } from './row-keys.ts'
import type { SealedEngine } from './sealed-engine.ts'
import type { TaskStore } from './task-stores.ts'

/** A row of a query over a whole store. */
export interface CommittedRow<K, V> {
  readonly key: K
  /** -1 in a key-value store. */
  readonly start: number
  readonly row: Stamped<V>
}

/** The rows that wait for a flush, then those of the engine that they do not hide. */
export async function* committedRows(store: TaskStore, engine: SealedEngine): AsyncIterable<CommittedRow<unknown, unknown>> {
  const { layers, keys, number } = store
  const waiting = layers.committedRows()
  const pages = number === null ? null : engine.scan(storeRange(number))
  const ended = layers.meter.iterate('all')
  try {
    for (const [row] of waiting) {
      const entry = layers.live(waiting.get(row))
      if (entry !== undefined) yield visible(store, row, entry)
    }
    if (pages === null) return
    for await (const page of pages) {
      for (const { key, timestamp, value } of page) {
        const row = keys.rowOfEngineKey(key)
        if (!waiting.has(row)) yield visible(store, row, { value: layers.decode(value), timestamp })
      }
    }
  } finally {
    ended()
  }
}

function visible(
  { kind, keys }: TaskStore,
  row: string,
  stamped: Stamped<unknown> | Entry<unknown>,
): CommittedRow<unknown, unknown> {
  const { value, timestamp } = stamped
  const key = keys.keys.keyOf(kind === 'window' ? keyTextOf(row) : row)
  return { key, start: kind === 'window' ? startOf(row) : -1, row: { value, timestamp } }
}
