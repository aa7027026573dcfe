import type { Header } from '../base/bytes.ts'
import type { TopicPartition } from '../base/ids.ts'

/**
 * The reading side of a log, with partitions assigned by hand.
 *
 * Invariants
 *   C1  Batches of a partition come whole, in order, without gap, from its position on.
 *   C2  An empty poll may still move `position()`: markers and removed records count.
 *   C3  Out of range is an error, never a jump, unless a reset policy was given.
 */
export interface Consumer extends AsyncDisposable {
  /**
   * Replaces the assignment. Without an offset: where the group stands, else the reset policy.
   * @throws NO_OFFSET, UNKNOWN_TOPIC, UNKNOWN_PARTITION
   */
  assign(partitions: readonly Assignment[]): Promise<void>
  /** Whole batches; waits up to `timeoutMs` for the first one. */
  poll(options?: PollOptions): Promise<readonly ConsumedBatch[]>
  /** The next offset to be read. @throws UNKNOWN_PARTITION when it is not assigned */
  position(of: TopicPartition): number
  seek(to: TopicPartition, offset: number): void
  /** Poll leaves these out until `resume`. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  close(): Promise<void>
}

export type Isolation = 'read_committed' | 'read_uncommitted'
export type OffsetReset = 'earliest' | 'latest'

export interface ConsumerOptions {
  /** Whose committed offsets an assignment without offset starts from. Default: none. */
  readonly group?: string
  /** Default `read_committed` (Kafka's Java client reads uncommitted data by default; librdkafka does not). */
  readonly isolation?: Isolation
  /** What to do without a committed offset, or out of range. Default: an error. */
  readonly reset?: OffsetReset
}

export interface Assignment extends TopicPartition {
  readonly offset?: number | OffsetReset
}

export interface PollOptions {
  /** Stops adding batches once this much is there; the first batch comes whole in any case. Default 4 MiB. */
  readonly maxBytes?: number
  /** Stops adding batches once this many records are there. Default: no limit. */
  readonly maxRecords?: number
  /** How long to wait for the first batch. Default 0. */
  readonly timeoutMs?: number
}

export interface ConsumedBatch extends TopicPartition {
  /** Records in it that the reader sees. */
  readonly count: number
  readonly sizeBytes: number
  readonly baseOffset: number
  /** The position after it, markers and gaps counted. */
  readonly nextOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  /** The epoch of the log that wrote it: it rises whenever a log may have lost records. -1 where unknown. */
  readonly leaderEpoch: number
  /** The producer that wrote it, -1 where there is none or it is unknown. */
  readonly producerId: number
  readonly producerEpoch: number
  /** The fast path: the record is valid only during the call, its key and value are views that may be kept. */
  forEach(visit: (record: ConsumedRecord) => void): void
  toArray(): ConsumedRecord[]
}

export interface ConsumedRecord {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** A view into the batch. Copy a small one that you keep, or it holds the whole batch in memory. */
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly Header[]
}
