import type { Position } from './position.ts'
import type { RowRange, RowBounds, ScanRow } from '../state/row-scan.ts'
import type { Stamped } from '../task/stores.ts'
import { checkOptions } from '../time/options.ts'

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

/** What views need of a task. */
export interface QueriedTask {
  committedGet(key: unknown): Stamped<unknown> | undefined
  committedWindowGet(key: unknown, start: number): Stamped<unknown> | undefined
  committedWindows(key: unknown, from: number, to: number): readonly { readonly start: number; readonly row: Stamped<unknown> }[]
  scan(rangeOf: (bounds: RowBounds) => RowRange): AsyncIterable<ScanRow<unknown, unknown>>
}

/** The tasks that have the store now. @throws STORE_CLOSED, POSITION_NOT_REACHED */
export interface QueriedTasks {
  readonly name: string
  tasks(): readonly QueriedTask[]
  position(): readonly Position[]
}

abstract class Queries {
  readonly name: string
  protected readonly on: QueriedTasks

  constructor(on: QueriedTasks) {
    this.name = on.name
    this.on = on
  }

  position(): readonly Position[] {
    return this.on.position()
  }

  protected scan(reverse: boolean, rangeOf: (bounds: RowBounds) => RowRange): AsyncIterable<ScanRow<unknown, unknown>> {
    return merged(
      this.on.tasks().map((task) => task.scan(rangeOf)),
      reverse,
    )
  }
}

export class KeyValueStoreQueries<K, V> extends Queries implements KeyValueQueries<K, V> {
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
    const rows = this.on.tasks().flatMap((task) => task.committedWindows(key, from, to))
    return rows.map(({ start, row }) => ({ key, start, value: row.value as V, timestamp: row.timestamp }))
  }

  range(options: TimeRange & { readonly reverse?: boolean } = {}): AsyncIterable<WindowRow<K, V>> {
    checkOptions('range', options, ['from', 'to', 'reverse'])
    const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER - 1, reverse = false } = options
    return windowed(this.scan(reverse, (bounds) => bounds.starts(from, to, reverse)))
  }
}

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

/** Several ordered scans as one. All begin at once, so that they show one moment. */
async function* merged(
  scans: readonly AsyncIterable<ScanRow<unknown, unknown>>[],
  reverse: boolean,
): AsyncGenerator<ScanRow<unknown, unknown>, void, undefined> {
  const iterators = scans.map((scan) => scan[Symbol.asyncIterator]())
  const sign = reverse ? -1 : 1
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (;;) {
      let first = -1
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue
        if (first < 0 || sign * Buffer.compare(head.value.bytes, heads[first]!.value!.bytes) < 0) first = index
      }
      if (first < 0) return
      yield heads[first]!.value!
      heads[first] = await iterators[first]!.next()
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.()
  }
}
