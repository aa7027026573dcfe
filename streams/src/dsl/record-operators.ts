import type { Header } from '@millrace/core'
import type { Meta } from '../graph/callbacks.ts'
import type { KStream, RekeyedStream } from './k-stream.ts'
import type { Of } from './options.ts'
import type { AnyStore } from '../graph/stores.ts'
import type { ValueProcessing } from './processors.ts'
import type { Branches, BranchValue } from './split.ts'

/** The two kinds of stream: what keeps the key gives a stream of the kind that it stands on. */
export interface Kinds<K, V> {
  readonly keyed: KStream<K, V>
  readonly rekeyed: RekeyedStream<K, V>
}

/** Operators on single records that keep nothing and leave the key alone. */
export interface RecordOperators<Kind extends keyof Kinds<K, V>, K, V> {
  /** The records for which the predicate does not hold. A type guard leaves the other values. */
  filterNot<V2 extends V>(predicate: (value: V, key: K, meta: Meta) => value is V2): Kinds<K, Exclude<V, V2>>[Kind]
  filterNot(predicate: Of<K, V, boolean>): Kinds<K, V>[Kind]
  /** None, one or many values for each, in their order; key and timestamp stay. All are made before the first goes on. */
  flatMapValues<V2>(mapper: Of<K, V, Iterable<V2>>): Kinds<K, V2>[Kind]
  /** Shows each record to a function and lets it go on as it is. After a crash the function may see a record again. */
  peek(look: Of<K, V, void>): Kinds<K, V>[Kind]
  /**
   * Branches by predicate: a record goes into the first whose predicate holds, in the order in which they are written, or into
   * the one that is `otherwise`. Where there is none it ends here, uncounted, as in Kafka. Type guards narrow their branch, and
   * `otherwise` has what they leave.
   *
   * ```ts
   * const { big, small } = amounts.split({ big: (amount) => amount > 1000, small: otherwise })
   * ```
   * @throws TOPOLOGY_INVALID without a branch, with two `otherwise`, or with a branch whose name is a number;
   *   TOPOLOGY_NAME_INVALID
   */
  split<B extends Branches<K, V>>(branches: B): { readonly [N in keyof B]: Kinds<K, BranchValue<B, N, K, V>>[Kind] }
  /** As `process`, for a processor that leaves the key alone: its records can only be made from those that it was given. */
  processValues<V2 = V, S extends AnyStore = AnyStore>(processor: ValueProcessing<K, V, V2, S>): Kinds<K, V2>[Kind]
  /**
   * Other headers for the records behind it. What the function gives must be a list of [name, bytes or null]: RECORD_INVALID
   * otherwise, as what user code throws.
   */
  withHeaders(headers: Of<K, V, readonly Header[]>): Kinds<K, V>[Kind]
  /**
   * Other timestamps for the records behind it, a whole number from 0: RECORD_INVALID otherwise, as what user code throws.
   * Operators behind it go by the new one; the stream time of the task (punctuators) is that of its inputs.
   */
  withTimestamp(timestamp: Of<K, V, number>): Kinds<K, V>[Kind]
}

/** How `print` writes. */
export interface Printing<K, V> {
  /** Gets each line, without its end: `console.log`, for one. */
  readonly write: (line: string) => void
  /** Stands before each line, in brackets. Default: none. */
  readonly label?: string
  /** Default: `key, value`, objects as JSON. */
  readonly format?: Of<K, V, string>
}
