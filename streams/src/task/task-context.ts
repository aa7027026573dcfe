import type { Header, Timer } from '@millrace/core'
import type { Completions } from './completions.ts'
import type { HeldUpdates } from './held-updates.ts'
import type { Punctuators } from './punctuators.ts'
import type { RecordContext } from './record-context.ts'
import type { Scans } from './scans.ts'
import type { ExpiringStore, GlobalStore, KeyValueStore, WindowStore } from './stores.ts'
import type { Closer, StreamTime } from './stream-time.ts'

/**
 * Why a record did not go on. Every drop is counted under one of these. `late`: it is older than its operator can still use, of windows
 * once for each that does not take it, as `no-window`; of a versioned table: older than its history. `expired`: a processor puts what is
 * older than its store keeps. `out-of-order`: an older version of a row, where an operator takes the newest alone (KIP-914).
 */
export type DropReason =
  | 'null-key'
  | 'null-value'
  | 'late'
  | 'no-window'
  | 'expired'
  | 'out-of-order'
  | 'no-partition'
  | 'no-timestamp'
  | 'undecodable'
  | 'failed'

/** What to do when user code throws. `skip` leaves the subtree of the node that threw out, for this record only. */
export type ErrorPolicy = 'fail' | 'skip'

/** Where a sink node puts its records: encoded at once, written with the commit of the step. */
export interface Output<K, V> {
  /** @param route default: the topic of the sink, and the partition of the key */
  append(key: K, value: V, timestamp: number, headers: readonly Header[], route?: Route): void
  /** Of a topic that the sink may write to; null: it may not. */
  partitions(topic: string): number | null
}

/** Where a record goes. */
export interface Route {
  readonly topic: string
  /** Null: the partition of the key. */
  readonly partitions: readonly number[] | null
}

/** What the runtime gives to the operators of one task. */
export interface TaskContext {
  /** `<sub-topology>_<partition>` */
  readonly taskId: string
  readonly partition: number
  readonly errorPolicy: ErrorPolicy
  /** Of what becomes of a record where it is written. */
  readonly writePolicy: ErrorPolicy
  /** The record that everything emitted now belongs to. */
  readonly record: RecordContext
  /** The node whose user code runs, for the message of a failure. A node that calls user code sets it first. */
  node: string
  /** The stream time of the task, and what its processors have scheduled. */
  readonly punctuators: Punctuators
  /** Calls to the outside that have ended, and stand in line for the loop. */
  readonly completions: Completions
  /** What tables let go before the step is committed. */
  readonly held: HeldUpdates
  /** Of stores, asked for by processors: the loop reads them when the event at hand is done. */
  readonly scans: Scans
  keyValueStore<K, V>(name: string): KeyValueStore<K, V>
  /** A key-value store whose rows the plan gives a time to live. */
  expiringStore<K, V>(name: string): ExpiringStore<K, V>
  windowStore<K, V>(name: string): WindowStore<K, V>
  globalStore<K, V>(name: string): GlobalStore<K, V>
  streamTime(operator: string): StreamTime
  output<K, V>(sink: string): Output<K, V>
  /** Counts and reports a record that does not go on; `node`: the one that leaves it out. */
  drop(reason: DropReason, node?: string): void
  /**
   * Hears what user code threw under the policy `skip`: the record is left out, counted and reported. @throws what is for the loop: the
   * step is to be tried again. `decided`: the operator has an option of its own that says so, whatever the policy is.
   */
  failed(error: unknown, decided?: ErrorPolicy): void
  /** The same of what makes a record unwritable: user code that chooses where it goes. */
  unwritten(error: unknown): void
  /** Asks for a commit soon. */
  requestCommit(): void
  /** Runs the work once, by the world's clock and outside of any event: it may neither emit nor touch a store. */
  after(delayMs: number, work: () => void): Timer
  /** Registers an operator that emits when time passes, while the topology is built: those downstream come first. */
  addCloser(closer: Closer): void
  /** Records come in here that this task sent out itself, while the topology is built: what registered before stands behind. */
  addLoop(): void
  /** The closer has rows that are due; the loop calls it after the current record. */
  due(closer: Closer): void
}
