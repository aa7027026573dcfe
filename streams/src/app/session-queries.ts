import type { StretchesLayout } from '../plan/plan.ts'
import type { Stamped } from '../task/stores.ts'
import { checkOptions } from '../time/options.ts'
import { checkTimes } from './check-times.ts'
import { lastTime, Queries, type QueriedTasks, type StoreQueries, type StoreRow } from './store-queries.ts'
import { TimeRowQueries } from './time-row-queries.ts'

export interface SessionRow<K, V> extends StoreRow<K, V> {
  /** Of its first record, milliseconds since 1970. */
  readonly start: number
  /** Of its last record. */
  readonly end: number
}

/** Sessions that touch a time, as Kafka's `findSessions` has it. Milliseconds since 1970. Default: no bound. */
export interface SessionRange {
  /** They end then or later. */
  readonly earliestSessionEnd?: number
  /** They begin then or earlier. */
  readonly latestSessionStart?: number
}

/** A session store over all its partitions in this process. Sessions that are closed are not there, whether they were emitted or not. */
export interface SessionQueries<K, V> extends StoreQueries {
  /** The session with these very bounds; null: the key has none. @throws as `KeyValueQueries.get` */
  get(key: K, start: number, end: number): Promise<Stamped<V> | null>
  /** The sessions of a key, the earliest first: all of one commit. @throws as `get`; INVALID_STREAM_OPTION */
  sessions(key: K, options?: SessionRange): Promise<readonly SessionRow<K, V>[]>
  /** The sessions of all keys, by end, then in the order of the bytes of the keys. @throws as `sessions` */
  range(options?: SessionRange & { readonly reverse?: boolean }): AsyncIterable<SessionRow<K, V>>
}

/** A session stands at its end; its span leads back to the start. */
export class SessionStoreQueries<K, V> extends Queries implements SessionQueries<K, V> {
  readonly #rows: TimeRowQueries

  constructor(on: QueriedTasks, layout: StretchesLayout) {
    super(on)
    this.#rows = new TimeRowQueries(on, layout)
  }

  async get(key: K, start: number, end: number): Promise<Stamped<V> | null> {
    const session = this.#rows.between(key, end, end).find(({ span }) => end - span === start)
    return session === undefined ? null : { value: session.value as V, timestamp: session.stamp }
  }

  async sessions(key: K, options: SessionRange = {}): Promise<readonly SessionRow<K, V>[]> {
    checkOptions('sessions', options, ['earliestSessionEnd', 'latestSessionStart'])
    const { earliestSessionEnd = 0, latestSessionStart = lastTime } = options
    checkTimes('sessions', { earliestSessionEnd, latestSessionStart })
    return this.#rows
      .between(key, earliestSessionEnd, lastTime)
      .map(({ time, span, stamp, value }) => ({ key, start: time - span, end: time, value: value as V, timestamp: stamp }))
      .filter(({ start }) => start <= latestSessionStart)
  }

  range(options: SessionRange & { readonly reverse?: boolean } = {}): AsyncIterable<SessionRow<K, V>> {
    checkOptions('range', options, ['earliestSessionEnd', 'latestSessionStart', 'reverse'])
    const { earliestSessionEnd = 0, latestSessionStart = lastTime, reverse = false } = options
    checkTimes('range', { earliestSessionEnd, latestSessionStart })
    return this.#all(earliestSessionEnd, latestSessionStart, reverse)
  }

  async *#all(earliestEnd: number, latestStart: number, reverse: boolean): AsyncGenerator<SessionRow<K, V>, void, undefined> {
    for await (const { key, value: session } of this.#rows.scan(earliestEnd, lastTime, reverse)) {
      const { time, span, stamp, value } = session
      if (time - span > latestStart) continue
      yield { key: key as K, start: time - span, end: time, value: value as V, timestamp: stamp }
    }
  }
}
