import type { OperatorFunction } from 'rxjs'
import type { Meta } from '../graph/callbacks.ts'
import type { Forwarded, StreamRecord } from '../graph/processor.ts'
import type { AnyStore } from '../graph/stores.ts'
import type { ValueOperator } from '../rx/value-operator.ts'
import type { AsyncMappings } from './async-mappings.ts'
import type { DurableOperators } from './durable-operators.ts'
import type { GlobalTable } from './global-table.ts'
import type { GroupedStream } from './grouped-stream.ts'
import type { KTable, VersionedTable } from './k-table.ts'
import type { Of, Through } from './options.ts'
import type { Processing } from './processors.ts'
import type { ChosenSink, Sink } from './sink.ts'
import type { Printing, RecordOperators } from './record-operators.ts'
import type { StreamJoins } from './stream-joins.ts'
import type { ToTable, Versioned, WithGrace } from './table-options.ts'
import type { WindowedPipelines } from './windowed-pipeline.ts'

/** Operators that need no known partitioning: they stand on both kinds of stream. */
export interface Stateless<K, V> {
  /**
   * Writes the records to a topic, with timestamp and headers; a null value is a deletion there. The topic must exist. The key
   * decides the partition as in Kafka (murmur2); of a windowed key the key inside does.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, INVALID_STREAM_OPTION
   */
  to(topic: string, options: Sink<K, V>): void
  /**
   * Writes each record to the topic that is chosen for it (Kafka's TopicNameExtractor). One that is not there, or not among
   * `topics`, is RECORD_INVALID, as what user code throws; a topic that is made later is known after the next start.
   * @throws as above
   */
  to(topic: Of<K, V, string>, options: ChosenSink<K, V>): void
  /**
   * Sends the records through a topic of the application, each to the partition of its key.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION
   */
  repartition(through: Through<K, V>): KStream<K, V>
  /** A new key and value. */
  map<K2, V2>(mapper: Of<K, V, { readonly key: K2; readonly value: V2 }>): RekeyedStream<K2, V2>
  /** None, one or many new keys and values for each record, in their order. All are made before the first goes on. */
  flatMap<K2, V2>(mapper: Of<K, V, Iterable<{ readonly key: K2; readonly value: V2 }>>): RekeyedStream<K2, V2>
  /** Ends the stream: shows each record to a function. After a crash it may see a record again. */
  forEach(look: Of<K, V, void>): void
  /** Ends the stream: a line for each record, as `forEach`. @throws INVALID_STREAM_OPTION */
  print(options: Printing<K, V>): void
  /**
   * A processor of the user's own, one for each task (KIP-820): it forwards any number of records, keeps stores, and is called as
   * time passes. What it throws falls under the error policy; what it had forwarded before stays.
   *
   * ```ts
   * const totals = keyValueStore({ name: 'totals', key: string, value: int64 })
   * payments.process({
   *   name: 'hourly-totals',
   *   stores: [totals],
   *   open: (context: ProcessorContext<string, number>) => {
   *     const store = context.store(totals)
   *     return { process: ({ key, value }) => store.put(key, (store.get(key) ?? 0) + value.amount) }
   *   },
   * })
   * ```
   * As in Kafka the key of a record is not looked at: behind a changed key repartition first where the stores are by key.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION
   */
  process<K2 = K, V2 = V, S extends AnyStore = AnyStore>(processor: Processing<K, V, K2, V2, S>): RekeyedStream<K2, V2>
  /**
   * An RxJS operator of your own on whole records, with their keys, times and headers; one subscription a task. **Unchecked**: it
   * must be pure for each record. State in it mixes keys, belongs to no store and is lost at every restart; what it emits later
   * than during a record is RX_ESCAPED_EMISSION, its end RX_ENDED. Use `process` for everything that keeps something.
   * @param name stands in messages and descriptions
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION
   */
  transformWith<K2, V2>(name: string, operator: OperatorFunction<StreamRecord<K, V>, Forwarded<K2, V2>>): RekeyedStream<K2, V2>
  /** A new key. */
  selectKey<K2>(selector: Of<K, V, K2>): RekeyedStream<K2, V>
  /** `selectKey`, `repartition` and `groupByKey` in one. @throws as `repartition` */
  groupBy<K2>(selector: Of<K, V, K2>, through: Through<K2, V>): GroupedStream<K2, V>
}

/** A stream whose records lie in the partition of their key: keyed operators are allowed. */
export interface KStream<in out K, V>
  extends
    Stateless<K, V>,
    RecordOperators<'keyed', K, V>,
    StreamJoins<K, V>,
    AsyncMappings<K, V>,
    DurableOperators<K, V>,
    WindowedPipelines<K, V> {
  /** A type guard narrows the values behind it. */
  filter<V2 extends V>(predicate: (value: V, key: K, meta: Meta) => value is V2): KStream<K, V2>
  filter(predicate: Of<K, V, boolean>): KStream<K, V>
  mapValues<V2>(mapper: Of<K, V, V2>): KStream<K, V2>
  /** Both, in the order in which they are processed; each keeps its own order. */
  merge<V2>(other: KStream<K, V2>): KStream<K, V | V2>
  /** RxJS's own operators on the values, from `@millrace/streams/rx`; the key stays. @throws TOPOLOGY_INVALID for others */
  pipe<A>(a: ValueOperator<V, A>): KStream<K, A>
  pipe<A, B>(a: ValueOperator<V, A>, b: ValueOperator<A, B>): KStream<K, B>
  pipe<A, B, C>(a: ValueOperator<V, A>, b: ValueOperator<A, B>, c: ValueOperator<B, C>): KStream<K, C>
  pipe<A, B, C, D>(a: ValueOperator<V, A>, b: ValueOperator<A, B>, c: ValueOperator<B, C>, d: ValueOperator<C, D>): KStream<K, D>
  groupByKey(): GroupedStream<K, V>
  /**
   * The newest value of each key; a null value deletes. With `versioned` as `StreamsBuilder.table` has it.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION, WINDOW_INVALID
   */
  toTable(
    options: ToTable<K, NonNullable<V>> & { readonly versioned: Versioned; readonly emitEvery?: 'update' },
  ): VersionedTable<K, NonNullable<V>>
  toTable(options: ToTable<K, NonNullable<V>>): KTable<K, NonNullable<V>>
  /**
   * Each record with the row of its key, as the table is now; no row, no record. Of a versioned table, the row as it was at the
   * record's time; with grace records wait for rows that come late (KIP-923), also behind the end of a bounded input not longer.
   * Only records of the stream make results. Both need equal partition counts. A null key or value is dropped and counted.
   * @throws TOPOLOGY_INVALID for a table of another builder, or one that cannot be looked up; INVALID_STREAM_OPTION when the grace
   *   is longer than the history; PARTITIONS_DIFFER when the application starts
   */
  join<T, R>(table: KTable<K, T>, join: (value: V, other: T, key: K) => R): KStream<K, R>
  join<T, R>(table: VersionedTable<K, T>, join: (value: V, other: T, key: K) => R, later: WithGrace<V>): KStream<K, R>
  /** The same with a record for each record; null where there is no row, or no key. @throws as `join` */
  leftJoin<T, R>(table: KTable<K, T>, join: (value: V, other: T | null, key: K) => R): KStream<K, R>
  leftJoin<T, R>(table: VersionedTable<K, T>, join: (value: V, other: T | null, key: K) => R, later: WithGrace<V>): KStream<K, R>
  /** Each record with the row that `on` names in the table, as the table is now; no row, no record. A null value is dropped. */
  joinGlobal<K2, T, R>(table: GlobalTable<K2, T>, options: GlobalJoin<K, V, K2, T, R>): KStream<K, R>
  /** The same, but a record without a row, or for which `on` gives null, is joined with null. A null value is dropped. */
  leftJoinGlobal<K2, T, R>(table: GlobalTable<K2, T>, options: LeftGlobalJoin<K, V, K2, T, R>): KStream<K, R>
}

/** After map or selectKey: repartition first. The type has no keyed operators. */
export interface RekeyedStream<in out K, V> extends Stateless<K, V>, RecordOperators<'rekeyed', K, V> {
  /** A type guard narrows the values behind it. */
  filter<V2 extends V>(predicate: (value: V, key: K, meta: Meta) => value is V2): RekeyedStream<K, V2>
  filter(predicate: Of<K, V, boolean>): RekeyedStream<K, V>
  mapValues<V2>(mapper: Of<K, V, V2>): RekeyedStream<K, V2>
  /** Both, in the order in which they are processed; each keeps its own order. */
  merge<V2>(other: RekeyedStream<K, V2> | KStream<K, V2>): RekeyedStream<K, V | V2>
}

export interface GlobalJoin<K, V, K2, T, R> {
  /** The key of the row in the table. */
  readonly on: Of<K, V, K2>
  readonly join: (value: V, other: T, key: K) => R
}

export interface LeftGlobalJoin<K, V, K2, T, R> {
  /** The key of the row in the table; null: there is none. */
  readonly on: Of<K, V, K2 | null>
  readonly join: (value: V, other: T | null, key: K) => R
}
