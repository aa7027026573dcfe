/**
 * The durable twins of RxJS operators: the same names and marbles, but with state per key, in a store with a changelog, and with
 * stream time for a clock. Each needs the name of its store, but for `withLatestFrom`, whose state is a table. Records are taken in the order in which they come.
 */
import type { Serde } from '@millrace/core'
import type { Meta } from '../graph/callbacks.ts'
import type { Duration } from '../time/duration.ts'
import type { KStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import type { Of } from './options.ts'

export interface DurableState {
  /** Names the store and its changelog, `<applicationId>-<store>-changelog`. Another name is another store, empty at first. */
  readonly store: string
}

/** An operator that keeps values. */
export interface DurableValues<V> extends DurableState {
  readonly value: Serde<V>
}

/** What records are compared by: `by`, or the value itself. Equal is what the serde writes as the same bytes. */
export interface ComparedBy<K, V, S> extends DurableValues<S> {
  readonly by: Of<K, V, S>
}

export interface Counted extends DurableState {
  /** From 1. */
  readonly count: number
}

export interface Scan<K, V, A> extends DurableValues<A> {
  /** The total before the first value; a function, so that no two keys share one. */
  readonly initial: () => A
  /** The total after one more value: a new object, for the old one is still in use. */
  readonly add: (total: A, value: V, key: K, meta: Meta) => A
}

export interface Timed extends DurableState {
  /** Above 0. What is stored fits one time: another one needs another store. */
  readonly time: Duration
}

export interface TimedValuesOf<V> extends Timed {
  readonly value: Serde<V>
}

export interface Timeout<K, V, R> extends TimedValuesOf<V> {
  /** What comes out instead of the record that did not come, from the last one that did. */
  readonly with: (last: V, key: K) => R
}

export interface Deduplicate extends DurableState {
  /** What is stored fits one `within`: another one needs another store. */
  readonly within: Duration
}

export interface DeduplicateBy<K, V, S> extends Deduplicate {
  readonly by: Of<K, V, S>
  /** Of what `by` gives. */
  readonly value: Serde<S>
}

/**
 * All of them: a null key or value is dropped and counted; a function that throws leaves the state as it was.
 * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, TOPOLOGY_INVALID, WINDOW_INVALID, INVALID_STREAM_OPTION
 */
export interface DurableOperators<K, V> {
  /** Each total on the way, as RxJS's `scan`. */
  scan<A>(options: Scan<K, V, A>): KStream<K, A>
  /** The first of equal values of a key, for ever: the store grows with the values. With a bound in time: `deduplicate`. */
  distinct<S>(options: ComparedBy<K, V, S>): KStream<K, V>
  distinct(options: DurableValues<V>): KStream<K, V>
  /** A value that does not equal the one before it of its key. */
  distinctUntilChanged<S>(options: ComparedBy<K, V, S>): KStream<K, V>
  distinctUntilChanged(options: DurableValues<V>): KStream<K, V>
  /** Each value from the second of its key on, with the one before it. */
  pairwise(options: DurableValues<V>): KStream<K, readonly [V, V]>
  /** So many values of a key together. Other than in RxJS the end of the input leaves what does not fill a list in the store. */
  bufferCount(options: DurableValues<V> & Counted): KStream<K, readonly V[]>
  /** The first values of each key. */
  take(options: Counted): KStream<K, V>
  /** All but the first values of each key. */
  skip(options: Counted): KStream<K, V>
  /**
   * A value after which its key was silent for `time`, once stream time has passed that, or the input ends. It comes out with its
   * time plus `time`. A value older than stream time by more than `time` is dropped as `late`. Headers do not wait with it.
   */
  debounceTime(options: TimedValuesOf<V>): KStream<K, V>
  /**
   * A value, and then none of its key for `time`, the end included. What is older than the last that went on is dropped as `late`.
   */
  throttleTime(options: Timed): KStream<K, V>
  /**
   * A record of time t comes out with time t + `time` when stream time has come to that, or the input ends; at once, when it already
   * has. Headers do not wait with it. Null values wait as well.
   */
  delay(options: TimedValuesOf<V>): KStream<K, V>
  /**
   * All records, and what `with` makes each time that a key was silent for `time`, once stream time has passed that. Other than in
   * RxJS, where a timeout is the end, the next record of the key begins anew. The end of the input is no timeout.
   */
  timeout<R>(options: Timeout<K, V, R>): KStream<K, V | R>
  /**
   * The first record of a key, or of what `by` gives within a key; those whose time lies at most `within` from its time do not go
   * on, also when they are older. A record older than stream time by more than `within` is dropped as `late`.
   */
  deduplicate<S>(options: DeduplicateBy<K, V, S>): KStream<K, V>
  deduplicate(options: Deduplicate): KStream<K, V>
  /**
   * Each value with the newest row of its key in the table, as a pair or as what `project` makes of both; no value without a row. Only
   * records of the stream emit. The state is the table's: no store of its own. Other than in RxJS a row may be deleted. It is `join` by the
   * name that it has there, and of a versioned table the row is that of the record's time.
   * @throws TOPOLOGY_INVALID for a table of another builder, or one that cannot be looked up; PARTITIONS_DIFFER when the application starts
   */
  withLatestFrom<T>(table: KTable<K, T>): KStream<K, readonly [V, T]>
  withLatestFrom<T, R>(table: KTable<K, T>, project: (value: V, latest: T, key: K) => R): KStream<K, R>
}
