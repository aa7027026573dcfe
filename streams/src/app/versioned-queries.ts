import { reachedVersions, validAt, type Version } from '../operators/versioned-rows.ts'
import { checkOptions } from '../time/options.ts'
import { checkTimes } from './check-times.ts'
import { Queries, type QueriedTasks, type StoreQueries, type TimeRange } from './store-queries.ts'

/** A value of a row and when it was the value. Milliseconds since 1970. */
export interface VersionRow<V> {
  readonly value: V
  /** The timestamp of its record. */
  readonly validFrom: number
  /** Of the record that replaced or deleted it: from then on it is not valid any more. Null: it is the newest. */
  readonly validTo: number | null
}

/** A versioned table over all its partitions in this process. Its history reaches back by the stream time of each partition. */
export interface VersionedQueries<K, V> extends StoreQueries {
  /**
   * The newest value, or the one that was valid at the time `asOf` (KIP-960). Null: there was none then, the row was deleted, or the time
   * lies before the history; the newest value is shown whatever its age.
   * @throws as `KeyValueQueries.get`; INVALID_STREAM_OPTION
   */
  get(key: K, options?: { readonly asOf?: number }): Promise<VersionRow<V> | null>
  /**
   * What was valid at any time from one to another, both included, the oldest first (KIP-968). Deletions are none, but end what was before
   * them. @throws as `get`
   */
  versions(key: K, options?: TimeRange & { readonly reverse?: boolean }): Promise<readonly VersionRow<V>[]>
}

/** The versions of a key in one task, as they are committed. */
interface History {
  /** Newest first. */
  readonly all: readonly Version[]
  /** Lookups of older times meet the newest at the most. */
  readonly oldest: number
}

export class VersionedStoreQueries<K, V> extends Queries implements VersionedQueries<K, V> {
  readonly #historyMs: number

  constructor(on: QueriedTasks, historyMs: number) {
    super(on)
    this.#historyMs = historyMs
  }

  async get(key: K, options: { readonly asOf?: number } = {}): Promise<VersionRow<V> | null> {
    checkOptions('get', options, ['asOf'])
    const { asOf = Number.MAX_SAFE_INTEGER } = options
    checkTimes('get', { asOf })
    const { all, oldest } = this.#historyOf(key)
    const version = validAt(all, asOf, oldest)
    return version === undefined ? null : (shown<V>(all, all.indexOf(version))[0] ?? null)
  }

  async versions(key: K, options: TimeRange & { readonly reverse?: boolean } = {}): Promise<readonly VersionRow<V>[]> {
    checkOptions('versions', options, ['from', 'to', 'reverse'])
    const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER, reverse = false } = options
    checkTimes('versions', { from, to })
    const { all, oldest } = this.#historyOf(key)
    const found = versionsIn<V>(all, to < oldest ? Infinity : oldest).filter(
      ({ validFrom, validTo }) => validFrom <= to && (validTo === null || validTo > from),
    )
    return reverse ? found.toReversed() : found
  }

  #historyOf(key: K): History {
    for (const task of this.on.tasks()) {
      const row = task.committedGet(key)
      if (row === undefined) continue
      return { all: row.value as readonly Version[], oldest: task.committedTime().now - this.#historyMs }
    }
    return { all: [], oldest: 0 }
  }
}

/** Those that a lookup of the time `oldest` or later meets, the oldest first. */
export function versionsIn<V>(all: readonly Version[], oldest: number): VersionRow<V>[] {
  const reached = reachedVersions(all, oldest)
  return reached.flatMap((_, index) => shown<V>(reached, index)).toReversed()
}

/** Nothing: it is a deletion. */
function shown<V>(all: readonly Version[], index: number): VersionRow<V>[] {
  const { value, from } = all[index]!
  return value === null ? [] : [{ value: value as V, validFrom: from, validTo: all[index - 1]?.from ?? null }]
}
