import type { Position } from './position.ts'
import type { RowRange, RowBounds, ScanRow } from '../state/row-scan.ts'
import type { Stamped } from '../task/stores.ts'
import type { PassedTime } from '../task/stream-time.ts'
import { checkOptions } from '../time/options.ts'
import { checkTimes } from './check-times.ts'
import { merged } from './merged-scans.ts'

/**
 * Interactive queries (KIP-67, KIP-796): read-only views of the stores of a running application.
 *
 * Invariants
 *   V1  They show what is committed, never the open step.
 *   V2  A query runs on the tasks that run now; a view outlives restarts of the application.
 */
export interface StoreQueries {
  readonly name: string
  /** How far the inputs of its tasks are committed: a row shows at least these. Sorted by topic and partition. */
  position(): readonly Position[]
}

export interface StoreRow<K, V> extends Stamped<V> {
  readonly key: K
}

export interface WindowRow<K, V> extends StoreRow<K, V> {
  /** Of the window, milliseconds since 1970. */
  readonly start: number
}

/** A key-value store over all its partitions in this process. */
export interface KeyValueQueries<K, V> extends StoreQueries {
  /** Null: the key has no row. @throws STORE_CLOSED, POSITION_NOT_REACHED, STORE_CORRUPT */
  get(key: K): Promise<Stamped<V> | null>
  /**
   * Rows from one key to another, both included, in the order of the bytes of the keys; without bounds all. Leaving the loop early
   * closes what was opened for it. @throws as `get`
   */
  range(options?: { readonly from?: K; readonly to?: K; readonly reverse?: boolean }): AsyncIterable<StoreRow<K, V>>
  /** Rows whose keys begin with these bytes. @throws as `get` */
  prefix(prefix: string | Uint8Array, options?: { readonly reverse?: boolean }): AsyncIterable<StoreRow<K, V>>
}

/** A window store over all its partitions in this process. Rows of windows that were closed are gone. */
export interface WindowQueries<K, V> extends StoreQueries {
  /** Null: the key has no row in the window that begins there. @throws as `KeyValueQueries.get` */
  get(key: K, start: number): Promise<Stamped<V> | null>
  /** The rows of a key in windows that begin from one time to another, both included, by start. @throws as `get` */
  windows(key: K, options?: TimeRange): Promise<readonly WindowRow<K, V>[]>
  /** The rows of all keys, by start, then in the order of the bytes of the keys. @throws as `get` */
  range(options?: TimeRange & { readonly reverse?: boolean }): AsyncIterable<WindowRow<K, V>>
}

/** Milliseconds since 1970, both included. Default: no bound. */
export interface TimeRange {
  readonly from?: number
  readonly to?: number
}

/** What views need of a table that has keys and no windows. */
export interface QueriedTable {
  committedGet(key: unknown): Stamped<unknown> | undefined
  scan(rangeOf: (bounds: RowBounds) => RowRange): AsyncIterable<ScanRow<unknown, unknown>>
}

/** The same of a task, whatever the store. Everything but a scan is read at once: a caller sees one commit as long as it does not wait. */
export interface QueriedTask extends QueriedTable {
  committedWindowGet(key: unknown, start: number): Stamped<unknown> | undefined
  committedWindows(key: unknown, from: number, to: number): readonly { readonly start: number; readonly row: Stamped<unknown> }[]
  /** Of the operator that fills the store. */
  committedTime(): PassedTime
}

/** The tasks that have the store now. @throws STORE_CLOSED, POSITION_NOT_REACHED */
export interface QueriedTasks<T extends QueriedTable = QueriedTask> {
  readonly name: string
  tasks(): readonly T[]
  position(): readonly Position[]
}

export abstract class Queries<T extends QueriedTable = QueriedTask> {
  readonly name: string
  protected readonly on: QueriedTasks<T>

  constructor(on: QueriedTasks<T>) {
    this.name = on.name
    this.on = on
  }

  position(): readonly Position[] {
    return this.on.position()
  }

  protected scan(reverse: boolean, rangeOf: (bounds: RowBounds) => RowRange): AsyncIterable<ScanRow<unknown, unknown>> {
    return merged(
      this.on.tasks().map((task) => task.scan(rangeOf)),
      (a, b) => (reverse ? Buffer.compare(b.bytes, a.bytes) : Buffer.compare(a.bytes, b.bytes)),
    )
  }
}

export class KeyValueStoreQueries<K, V> extends Queries<QueriedTable> implements KeyValueQueries<K, V> {
  /** A key stands in one partition at the most. */
  async get(key: K): Promise<Stamped<V> | null> {
    for (const task of this.on.tasks()) {
      const row = task.committedGet(key)
      if (row !== undefined) return copyOf(row) as Stamped<V>
    }
    return null
  }

  range(options: { readonly from?: K; readonly to?: K; readonly reverse?: boolean } = {}): AsyncIterable<StoreRow<K, V>> {
    checkOptions('range', options, ['from', 'to', 'reverse'])
    const { from, to, reverse = false } = options
    return keyed(this.scan(reverse, (bounds) => bounds.between(from, to, reverse)))
  }

  prefix(prefix: string | Uint8Array, options: { readonly reverse?: boolean } = {}): AsyncIterable<StoreRow<K, V>> {
    checkOptions('prefix', options, ['reverse'])
    const { reverse = false } = options
    const bytes = typeof prefix === 'string' ? Buffer.from(prefix) : prefix
    return keyed(this.scan(reverse, (bounds) => bounds.prefix(bytes, reverse)))
  }
}

export class WindowStoreQueries<K, V> extends Queries implements WindowQueries<K, V> {
  async get(key: K, start: number): Promise<Stamped<V> | null> {
    for (const task of this.on.tasks()) {
      const row = task.committedWindowGet(key, start)
      if (row !== undefined) return copyOf(row) as Stamped<V>
    }
    return null
  }

  async windows(key: K, options: TimeRange = {}): Promise<readonly WindowRow<K, V>[]> {
    checkOptions('windows', options, ['from', 'to'])
    const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = options
    checkTimes('windows', { from, to })
    const rows = this.on.tasks().flatMap((task) => task.committedWindows(key, from, to))
    return rows.map(({ start, row }) => ({ key, start, value: row.value as V, timestamp: row.timestamp }))
  }

  range(options: TimeRange & { readonly reverse?: boolean } = {}): AsyncIterable<WindowRow<K, V>> {
    checkOptions('range', options, ['from', 'to', 'reverse'])
    const { from = Number.MIN_SAFE_INTEGER, to = lastTime, reverse = false } = options
    checkTimes('range', { from, to })
    return windowed(this.scan(reverse, (bounds) => bounds.starts(from, Math.min(to, lastTime), reverse)))
  }
}

/** The bound behind it is a time still. */
export const lastTime: number = Number.MAX_SAFE_INTEGER - 1

/** The layers keep more with it than is shown. */
function copyOf({ value, timestamp }: Stamped<unknown>): Stamped<unknown> {
  return { value, timestamp }
}

async function* keyed<K, V>(rows: AsyncIterable<ScanRow<unknown, unknown>>): AsyncGenerator<StoreRow<K, V>, void, undefined> {
  for await (const { key, row } of rows) yield { key: key as K, value: row.value as V, timestamp: row.timestamp }
}

async function* windowed<K, V>(rows: AsyncIterable<ScanRow<unknown, unknown>>): AsyncGenerator<WindowRow<K, V>, void, undefined> {
  for await (const { key, start, row } of rows) yield { key: key as K, start, value: row.value as V, timestamp: row.timestamp }
}
