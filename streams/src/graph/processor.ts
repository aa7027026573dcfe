/** The processor API (KIP-820): what the user's processors are given, and what the graph keeps of them. */
import type { Header } from '@millrace/core'
import type { Duration } from '../time/duration.ts'
import type { AnyNode } from './any-node.ts'
import type { Meta } from './callbacks.ts'
import type { AnyStore, RangeOf, RowOf, StoreDeclaration, StoreOf } from './stores.ts'

/** A whole record. Immutable: forward `{ ...record, value }`. */
export interface StreamRecord<K, V> {
  readonly key: K
  readonly value: V
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly headers: readonly Header[]
}

/** A record to forward. Timestamp and headers are by default those of the record or punctuation at hand. */
export interface Forwarded<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp?: number
  readonly headers?: readonly Header[]
}

/** A record whose key nobody can change: it is only made from another one. It may be kept, and forwarded later. */
export declare abstract class FixedKeyRecord<K, V> implements StreamRecord<K, V> {
  /** Only for the compiler: no object of the user's own passes for one. */
  private readonly fixed: true
  readonly key: K
  readonly value: V
  readonly timestamp: number
  readonly headers: readonly Header[]
  withValue<V2>(value: V2): FixedKeyRecord<K, V2>
  withTimestamp(timestamp: number): FixedKeyRecord<K, V>
  withHeaders(headers: readonly Header[]): FixedKeyRecord<K, V>
}

/** What time a schedule goes by. */
export type PunctuationType = 'stream-time' | 'wall-clock'

/** Gets the rows of a scan. */
export type EachRow<R> = (row: R, stop: () => void) => void

export interface Scheduled {
  /** It fires no more. A second call does nothing. */
  cancel(): void
}

/** What every processor of a task can reach. */
export interface TaskAccess<S extends AnyStore> {
  /** `<sub-topology>_<partition>` */
  readonly taskId: string
  readonly partition: number
  /** Where the record at hand comes from; offset -1 in a punctuation. */
  readonly meta: Meta
  /** The greatest timestamp of any record that the task has taken, over restarts too; -1 before the first. */
  readonly currentStreamTime: number
  /** Milliseconds since 1970. */
  readonly currentSystemTime: number
  /** A store of `stores`. @throws STORE_UNKNOWN for any other */
  store<D extends S>(declaration: D): StoreOf<D>
  store<N extends S['name']>(name: N): StoreOf<Extract<S, { readonly name: N }>>
  /**
   * Calls back as time passes, between two records. What the callback forwards and stores commits like that of a record.
   *
   * `stream-time`: ticks lie at whole multiples of the interval. Fires after the first record that has brought the task's stream
   * time to a tick or past it, once however many ticks that were, and gets the stream time. The first fires as soon as there is
   * a record. `wall-clock`: first after the interval, then at each of its ticks; those missed are left out. Gets the clock's time.
   *
   * Better than in Kafka Streams: a schedule of `open` goes on over restarts with the committed stream time, so that the same
   * input gives the same punctuations, whether the application crashed or not.
   * @throws INVALID_STREAM_OPTION, PROCESSOR_INACTIVE
   */
  schedule(interval: Duration, type: PunctuationType, punctuate: (timestamp: number) => void): Scheduled
  /**
   * Reads a range of a store of `stores`, for each of its rows `each`, then `done`. The rows come when everything that the record (or
   * punctuation) at hand causes is done, and before the task does anything else: as part of the same event, so that forwarding and
   * storing is as in `process`, and commits with it. They are those that stand there when the scan begins, what the record has changed
   * included; what is changed while it runs, it does not show. Scans run in the order in which they were asked for.
   *
   * `stop` in `each`: no more rows; `done` comes. What throws falls under the error policy, and ends the scan without `done`.
   *
   * Everything that a scan forwards and stores is in one commit: read what is large in pieces, over several punctuations. Kafka Streams
   * reads ranges at once, and blocks its thread meanwhile.
   * @throws STORE_UNKNOWN, INVALID_STREAM_OPTION, PROCESSOR_INACTIVE
   */
  scan<D extends S>(declaration: D, range: RangeOf<D>, each: EachRow<RowOf<D>>, done?: () => void): void
  scan<N extends S['name']>(
    name: N,
    range: RangeOf<Extract<S, { readonly name: N }>>,
    each: EachRow<RowOf<Extract<S, { readonly name: N }>>>,
    done?: () => void,
  ): void
  /** Asks for a commit soon, before its interval is over. */
  commit(): void
}

/** What a processor of `process` can reach. */
export interface ProcessorContext<in out K, in out V, S extends AnyStore = AnyStore> extends TaskAccess<S> {
  /**
   * Hands a record to everything behind this processor, before it returns.
   * @param child only to the operator of this name behind it: a processor's own name, another's as `describe()` shows it
   * @throws PROCESSOR_INACTIVE when no record or punctuation is at hand; CHILD_UNKNOWN; RECORD_INVALID
   */
  forward(record: Forwarded<K, V>, child?: string): void
}

/** What a processor of `processValues` can reach. */
export interface FixedKeyContext<in out K, in out V, S extends AnyStore = AnyStore> extends TaskAccess<S> {
  /** As `ProcessorContext.forward`, for a record that keeps its key. */
  forward(record: FixedKeyRecord<K, V>, child?: string): void
}

/** One task's own, made by `open`. Everything in it is synchronous. */
export interface Processor<in R> {
  process(record: R): void
  /** The task is closed. Nothing can be forwarded or stored any more. */
  close?(): void
}

/** A processor as the graph keeps it: types erased, the DSL checked them. */
export interface ProcessNode extends AnyNode {
  readonly kind: 'process'
  readonly givenName: string
  /** processValues. */
  readonly fixedKey: boolean
  readonly stateStores: readonly StoreDeclaration[]
  readonly open: (context: never) => Processor<never>
}
