import type { ConsumedBatch, ConsumedRecord } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'
import type { TaskStore } from './task-stores.ts'

/** What `restore` needs of a consumed batch; a `ConsumedBatch` is one. */
export type ChangelogBatch = Pick<ConsumedBatch, 'nextOffset' | 'leaderEpoch' | 'producerId' | 'producerEpoch' | 'forEach'>

/** What a batch of the changelog did to a store. */
export interface Restored {
  /** -1: the batch had no record. */
  readonly newestOffset: number
  readonly records: number
  readonly bytes: number
}

/** Applies a batch below the open step. Values are decoded when they are asked for. */
export function restoreBatch(store: TaskStore, batch: ChangelogBatch): Restored {
  const restored = { newestOffset: -1, records: 0, bytes: 0 }
  batch.forEach((record) => {
    restored.newestOffset = record.offset
    if (!restoreRecord(store, record)) return
    restored.records++
    restored.bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
  })
  return restored
}

/** False: passed over. A record without a key is in no table. */
function restoreRecord(store: TaskStore, { key, value, timestamp, offset }: ConsumedRecord): boolean {
  if (key === null) return false
  const row = rowOf(store, key, value, offset)
  if (row === null) return false
  if (store.kind === 'key-value') store.store.restore(row, value, timestamp)
  else {
    store.layers.restore(row, value, timestamp)
    store.store.note(row, value !== null)
  }
  return true
}

/** Null: a record of a source topic that does not decode; it was passed over when it came in, too. */
function rowOf({ keys, layers }: TaskStore, key: Uint8Array, value: Uint8Array | null, offset: number): string | null {
  const isSource = layers.spec.changelog?.kind === 'source'
  try {
    if (isSource && value !== null) layers.decode(value)
    return keys.rowOfChangelogKey(key)
  } catch (cause) {
    if (isSource) return null
    const where = `${layers.spec.changelog?.topic ?? layers.spec.name}, offset ${offset}`
    throw streamError('VALUE_UNREADABLE', { what: 'a key of the changelog does not decode', where, cause })
  }
}
