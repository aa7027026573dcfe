import type { Serde } from '@millrace/core'
import type { Meta } from '../graph/callbacks.ts'
import type { Duration } from '../time/duration.ts'
import type { Emitting } from './emit-every.ts'
import type { Counting, Of } from './options.ts'

/** A store for the rows of a table that has none of its own: it can then be queried, and its rows are not made anew at lookups. */
export interface Kept<V> extends Emitting {
  /** Names the store and its changelog, `<applicationId>-<store>-changelog`. */
  readonly store: string
  readonly value: Serde<V>
}

/** A table made of the records of a stream. */
export interface ToTable<K, V> extends Kept<V> {
  /** Default: the stream's. */
  readonly key?: Serde<K>
}

/** How long older versions of a row can be looked up (KIP-889), by stream time. */
export interface Versioned {
  readonly historyRetention: Duration
}

/** How the rows of a table become one of them. */
export interface TableReduction<K, V> extends Counting {
  readonly value: Serde<V>
  /** The total with one more value; the first value is the first total. Null removes the total. */
  readonly add: (total: V, value: V, key: K, meta: Meta) => V | null
  /** The total without a value that is in it. Null removes the total. */
  readonly subtract: (total: V, value: V, key: K, meta: Meta) => V | null
}

/** How the rows of a table become a total of another type. */
export interface TableAggregation<K, V, A> extends Counting {
  readonly value: Serde<A>
  /** The total before the first value; a function, so that no two keys share one. */
  readonly initial: () => A
  /** The total with one more value: a new object, for the old one is still in use. Null removes the total. */
  readonly add: (total: A, value: V, key: K, meta: Meta) => A | null
  /** The total without a value that is in it: a new object. Null removes the total. */
  readonly subtract: (total: A, value: V, key: K, meta: Meta) => A | null
}

/** Where a row of a table goes in its group; null as key or value keeps it out. */
export interface Grouping<K, V> {
  readonly key: K | null
  readonly value: V | null
}

/** A join of two tables by a key that the left values hold. */
export interface ForeignJoin<K, V, K2, T, R, Missing = never> {
  /**
   * Names what travels and what is kept: topics `<applicationId>-<name>-subscriptions-repartition` and
   * `…-<name>-answers-repartition`, store `<name>-subscribers`.
   */
  readonly name: string
  /** The key of the other table's row. Null: there is none. */
  readonly on: Of<K, V, K2 | null>
  readonly join: (value: V, other: T | Missing, key: K) => R | null
  /** Of the left values; it must write the same bytes for a value that it has read. Default: that of the table's store. */
  readonly value?: Serde<V>
  /** Of the other table's values. Default: that of its store. */
  readonly foreignValue?: Serde<T>
}

/** Records of a stream wait for rows of the table that come late (KIP-923). */
export interface WithGrace<V> {
  /** How long, by the stream's time; at most the history retention of the table. */
  readonly grace: Duration
  /** Names the store of those that wait, and its changelog. */
  readonly store: string
  /** Of the stream's values. */
  readonly value: Serde<V>
}
