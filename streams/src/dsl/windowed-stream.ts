import { checkWindows, type SessionWindows, type TimeWindows } from '../time/windows.ts'
import type { Aggregation, Counting, Reduction, SessionAggregation, SessionReduction } from './options.ts'
import type { Place } from './place.ts'
import { aggregating, counting, reducing, sessionAggregating, sessionCounting, sessionReducing } from './totals.ts'
import { WindowTableNode, type WindowTable } from './window-table.ts'

/** Records in groups of equal keys and windows. */
export interface WindowedStream<in out K, V> {
  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting): WindowTable<K, number>
  /** @throws as `count` */
  reduce(options: Reduction<K, V>): WindowTable<K, V>
  /** A null value is dropped and counted; so is a record for a window that is closed. @throws as `count` */
  aggregate<A>(options: Aggregation<K, V, A>): WindowTable<K, A>
}

/** Records in groups of equal keys and sessions. */
export interface SessionStream<in out K, V> {
  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting): WindowTable<K, number>
  /** @throws as `count` */
  reduce(options: SessionReduction<K, V>): WindowTable<K, V>
  /** A null value is dropped and counted; so is a record of a session that is closed. @throws as `count` */
  aggregate<A>(options: SessionAggregation<K, V, A>): WindowTable<K, A>
}

export class WindowedNode<K, V> implements WindowedStream<K, V> {
  readonly #place: Place<K>
  readonly #windows: TimeWindows

  constructor(place: Place<K>, windows: TimeWindows) {
    this.#place = place
    this.#windows = checkWindows(windows)
  }

  count(options: Counting): WindowTable<K, number> {
    return new WindowTableNode(this.#place, this.#windows, counting(options))
  }

  reduce(options: Reduction<K, V>): WindowTable<K, V> {
    return new WindowTableNode(this.#place, this.#windows, reducing(options))
  }

  aggregate<A>(options: Aggregation<K, V, A>): WindowTable<K, A> {
    return new WindowTableNode(this.#place, this.#windows, aggregating(options))
  }
}

export class SessionNode<K, V> implements SessionStream<K, V> {
  readonly #place: Place<K>
  readonly #windows: SessionWindows

  constructor(place: Place<K>, windows: SessionWindows) {
    this.#place = place
    this.#windows = windows
  }

  count(options: Counting): WindowTable<K, number> {
    return new WindowTableNode(this.#place, this.#windows, sessionCounting(options))
  }

  reduce(options: SessionReduction<K, V>): WindowTable<K, V> {
    return new WindowTableNode(this.#place, this.#windows, sessionReducing(options))
  }

  aggregate<A>(options: SessionAggregation<K, V, A>): WindowTable<K, A> {
    return new WindowTableNode(this.#place, this.#windows, sessionAggregating(options))
  }
}
