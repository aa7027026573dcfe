import type { GroupedTable } from './grouped-table.ts'
import type { KStream } from './k-stream.ts'
import type { Of, Through } from './options.ts'
import type { ForeignJoin, Grouping, Kept } from './table-options.ts'
import type { Duration } from '../time/duration.ts'
import type { Suppressing } from './suppress.ts'

/**
 * The newest value of each key, and every update on the way to it. Each update goes on, also one that changes nothing. Operators
 * store nothing unless they are given a store: what they made of a replaced value they make again, so functions must be pure.
 */
export interface KTable<in out K, V> {
  /** Every update as a record; null is a deletion. */
  toStream(): KStream<K, V | null>
  /**
   * The rows for which the predicate holds; a type guard narrows the values. A row that does not pass any more is deleted, and a
   * deletion of one that had not passed goes nowhere.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION
   */
  filter<V2 extends V>(predicate: Guard<K, V, V2>, kept?: Kept<V2>): KTable<K, V2>
  filter(predicate: Of<K, V, boolean>, kept?: Kept<V>): KTable<K, V>
  /** The rows for which the predicate does not hold. @throws as `filter` */
  filterNot(predicate: Of<K, V, boolean>, kept?: Kept<V>): KTable<K, V>
  /** New values; null deletes the row. Every update goes on, deletions too. @throws as `filter` */
  mapValues<V2>(mapper: Of<K, V, V2 | null>, kept?: Kept<V2>): KTable<K, V2>
  /**
   * The rows in groups by another key, through a topic of the application. An update leaves its old group and enters its new one
   * by two records, the old one first; in one group one record carries both (KIP-904). A null key or value of the selector keeps
   * the row out; it is counted (`null-key`, `null-value`).
   * @throws as `filter`; TOPOLOGY_INVALID when the values that updates replace are not known: a foreign-key join needs a store
   */
  groupBy<K2, V2>(selector: Of<K, V, Grouping<K2, V2>>, through: Through<K2, V2>): GroupedTable<K2, V2>
  /**
   * Rows of equal keys in both tables; the topics of both need equal partition counts. An update of either side is an update of
   * the result while the other side has a row. Time: the newer of both.
   * @throws as `filter`; TOPOLOGY_INVALID for a table of another builder, one that cannot be looked up, or one of other windows;
   *   PARTITIONS_DIFFER when the application starts
   */
  join<T, R>(other: KTable<K, T>, join: (value: V, other: T, key: K) => R | null, kept?: Kept<R>): KTable<K, R>
  /** A row for each row of this table; null where the other has none. @throws as `join` */
  leftJoin<T, R>(other: KTable<K, T>, join: (value: V, other: T | null, key: K) => R | null, kept?: Kept<R>): KTable<K, R>
  /** A row where either table has one; null for the missing side. @throws as `join` */
  outerJoin<T, R>(other: KTable<K, T>, join: (value: V | null, other: T | null, key: K) => R | null, kept?: Kept<R>): KTable<K, R>
  /**
   * Each row with the row of the other table whose key its value holds (KIP-213); the tables may differ in partitions. An update of
   * the other table updates every row that points to it. The result settles: between two updates that cross each other it may be
   * one that was right before, and the same result may come twice. A null foreign key is counted (`null-key`) and has no result.
   * Without a store the result can only go to `toStream`, `filter` and `mapValues`.
   * @throws as `filter`; TOPOLOGY_INVALID for a table of another builder, or one that cannot be looked up; INVALID_STREAM_OPTION
   *   when a value serde is neither given nor known from a store
   */
  joinForeign<K2, T, R>(other: KTable<K2, T>, options: ForeignJoin<K, V, K2, T, R>, kept?: Kept<R>): KTable<K, R>
  /** The same with a row for each row of this table; null where there is no other, or no foreign key. @throws as `joinForeign` */
  leftJoinForeign<K2, T, R>(other: KTable<K2, T>, options: ForeignJoin<K, V, K2, T, R, null>, kept?: Kept<R>): KTable<K, R>
  /**
   * Holds updates back, so that fewer go on: each with its own timestamp, in stream time (KIP-328). At the end of a bounded input
   * everything that is held back goes on.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION; TOPOLOGY_INVALID when keys without
   *   windows wait for one to close, and for a versioned table
   */
  suppress(options: Suppressing<K, V>): KTable<K, V>
}

/** A table that also knows older versions of its rows: a stream joins the row as it was at the record's time. */
export interface VersionedTable<in out K, V> extends KTable<K, V> {
  readonly historyRetention: Duration
}

type Guard<K, V, V2 extends V> = (value: V, key: K, meta: Parameters<Of<K, V, boolean>>[2]) => value is V2
