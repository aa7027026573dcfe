/** The stores of a processor, as it declared them. */
import type { StoreRow } from '../task/scans.ts'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import type { ScanView } from './processor-scans.ts'
import { ProcessorSessionStore } from './processor-session-store.ts'
import { ProcessorKeyValueStore, ProcessorWindowStore, type StoreUser } from './processor-stores.ts'
import { asOfIn, ProcessorVersionedStore } from './processor-versioned-store.ts'
import { letRowsExpire } from './row-expiry.ts'
import { indexedRange, keyRange, startRange } from './scan-range.ts'

export type ProcessorStore =
  | {
      readonly kind: 'keyValue'
      readonly name: string
      readonly ttlMs: number | null
      readonly indexes: readonly { readonly name: string }[]
    }
  | { readonly kind: 'window'; readonly name: string; readonly retentionMs: number }
  | { readonly kind: 'versioned'; readonly name: string; readonly historyMs: number }
  | { readonly kind: 'session'; readonly name: string; readonly retentionMs: number; readonly widthMs: number }

export interface OpenedStore {
  /** What the processor gets. */
  readonly store: unknown
  /** @throws INVALID_STREAM_OPTION */
  readonly scanOf: (where: string, range: unknown) => ScanView
}

export function openStore(declared: ProcessorStore, context: TaskContext, user: StoreUser): OpenedStore {
  const { kind, name } = declared
  switch (kind) {
    case 'keyValue': {
      const { ttlMs } = declared
      const indexes = declared.indexes.map((index) => index.name)
      const store = new ProcessorKeyValueStore(context.keyValueStore(name), user, ttlMs)
      if (ttlMs !== null) expire(name, ttlMs, context)
      const show = (row: StoreRow): unknown => (store.isGone(row.row.timestamp) ? undefined : shownRow(row))
      return { store, scanOf: (where, range) => ({ range: indexedRange(where, range, indexes), show }) }
    }
    case 'window': {
      const store = new ProcessorWindowStore(context.windowStore(name), user, declared.retentionMs)
      return { store, scanOf: (where, range) => ({ range: startRange(where, range), show: shownWindow }) }
    }
    case 'versioned': {
      const parts = { time: context.streamTime(name), historyMs: declared.historyMs }
      const store = new ProcessorVersionedStore(context.keyValueStore(name), user, parts)
      return { store, scanOf: (where, range) => versionsIn(store, where, range) }
    }
    case 'session':
      return { store: new ProcessorSessionStore(context.windowStore(name), user, declared), scanOf: noScan }
    default:
      return declared
  }
}

function expire(name: string, ttlMs: number, context: TaskContext): void {
  const store = context.expiringStore<unknown, unknown>(name)
  letRowsExpire({ store, ttlMs, context, expire: (key, stamp) => store.delete(key, stamp) })
}

function shownRow({ key, row: { value, timestamp } }: StoreRow): unknown {
  return { key, value, timestamp }
}

function shownWindow({ key, start, row: { value, timestamp } }: StoreRow): unknown {
  return { key, start, value, timestamp }
}

function versionsIn(store: ProcessorVersionedStore, where: string, range: unknown): ScanView {
  const keys = keyRange(where, range, ['asOf'])
  const asOf = asOfIn(where, range)
  const show = ({ key, row }: StoreRow): unknown => {
    const version = store.versionIn(row.value, asOf)
    return version && { key, ...version }
  }
  return { range: keys, show }
}

function noScan(where: string): never {
  throw streamError('INVALID_STREAM_OPTION', { what: 'sessions are read by their key: findSessions(...), fetch(...)', where })
}
