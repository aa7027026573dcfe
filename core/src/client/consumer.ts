import type { Header } from '../base/bytes.ts'
import type { MillraceError } from '../base/errors.ts'
import type { GroupAssignor } from '../base/group-assignor.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { AssignorName } from './group-admin.ts'
import type { CommittedPosition } from './producer.ts'

/**
 * The reading side of a log: with partitions assigned by hand (`assign`), or shared out among the members of a group
 * (`subscribe`), never both.
 *
 * Invariants
 *   C1  Records of a partition come in order, without gap, from its position on; batches whole, unless `maxRecords` cuts one.
 *   C2  An empty poll may still move `position()`: markers and removed records count.
 *   C3  Out of range is an error, never a jump, unless a reset policy was given.
 *   C4  A partition belongs to one member of a group at a time. Whoever takes it over begins at what is committed.
 *   C5  Nothing is committed that was not asked for: by `commit`, or with `autoCommitIntervalMs` by the poll that follows.
 */
export interface Consumer extends AsyncDisposable, AsyncIterable<ConsumedBatch> {
  /**
   * Replaces the assignment. Without an offset: where the group stands, else the reset policy.
   * @throws NO_OFFSET, UNKNOWN_TOPIC, UNKNOWN_PARTITION; SUBSCRIPTION_CONFLICT after `subscribe`
   */
  assign(partitions: readonly Assignment[]): Promise<void>
  /**
   * Becomes a member of the group, with the next poll. Topics that match, or exist, only later are taken in when they come, and
   * so are further partitions. A second call replaces the topics.
   * @throws SUBSCRIPTION_CONFLICT after `assign`, INVALID_OPTION without a group
   */
  subscribe(topics: readonly string[] | RegExp, listener?: RebalanceListener): void
  /** Leaves the group, and gives up all partitions. */
  unsubscribe(): Promise<void>
  /** The partitions that it reads now. */
  assignment(): readonly TopicPartition[]
  /** Who it is in its group, for `TransactionWork.offsets`; null while it is no member. */
  membership(): GroupMembership | null
  /**
   * Batches; waits up to `timeoutMs` for the first one. A member of a group takes part in rebalances here, and only here: the
   * listener is called inside `poll`.
   * @throws NO_OFFSET, OFFSET_OUT_OF_RANGE; FENCED_INSTANCE_ID, INCONSISTENT_GROUP_PROTOCOL; what the listener throws
   */
  poll(options?: PollOptions): Promise<readonly ConsumedBatch[]>
  /**
   * Each batch as it comes, until the consumer is closed. Asking for the next one says that the last one is processed: `commit`
   * in the body covers the batches up to the current one, and what was not given out is read again after a `break`.
   */
  [Symbol.asyncIterator](): AsyncIterator<ConsumedBatch, undefined, undefined>
  /**
   * Commits positions for the group, durable when it resolves. Without any: behind all that was given out.
   * @throws UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID: others have the partitions now; REBALANCE_IN_PROGRESS:
   * poll, and try again; UNKNOWN_TOPIC, UNKNOWN_PARTITION, NUMBER_OUT_OF_RANGE
   */
  commit(positions?: readonly CommittedPosition[]): Promise<void>
  /** The next offset to be read. @throws UNKNOWN_PARTITION when it is not assigned */
  position(of: TopicPartition): number
  /** Reads on from there. `earliest` is the start of the log, for a replay of all of it. */
  seek(to: TopicPartition, offset: number | OffsetReset): void
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
  /**
   * How `subscribe` shares out partitions, by name or one of your own; several, best first, while a group goes over from one to the
   * other. All members need one in common. Default `cooperative-sticky`: only partitions that move are given up in a rebalance (KIP-429).
   */
  readonly assignor?: AssignorName | GroupAssignor | readonly (AssignorName | GroupAssignor)[]
  /**
   * Makes the member static (KIP-345): its partitions wait for it while it is away, for at most `maxPollIntervalMs`, and a second
   * one with the same name fences the first. Default: none.
   */
  readonly groupInstanceId?: string
  /**
   * Whoever does not poll for so long is expelled from the group, and its partitions go to others. In this process there is no
   * other sign of life. Default 5 minutes.
   */
  readonly maxPollIntervalMs?: number
  /**
   * Commits, at most so often, what a poll gave out once the next poll is called, and before partitions are given up. Closing
   * commits nothing of the last poll, whose processing may have failed. Default: nothing is committed unless `commit` is called.
   */
  readonly autoCommitIntervalMs?: number
}

export type { AssignorName }

/** Called inside `poll`, one at a time; the poll waits for what they return. */
export interface RebalanceListener {
  /** New partitions, before the first record of them; also with none, when a rebalance changed nothing. `seek` may be called. */
  readonly onAssigned?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /** Partitions that go to others, while `commit` is still possible. */
  readonly onRevoked?: (partitions: readonly TopicPartition[]) => void | Promise<void>
  /**
   * Partitions that others may have already: nothing can be committed. `cause`: what the group answered, FENCED_INSTANCE_ID where it stays
   * so; null where their topic is gone. Default: `onRevoked` is called.
   */
  readonly onLost?: (partitions: readonly TopicPartition[], cause: MillraceError | null) => void | Promise<void>
}

/** Spread into `TransactionWork.offsets`: a transaction of a member that the group has gone on without is refused. */
export interface GroupMembership {
  readonly group: string
  readonly member: string
  readonly generation: number
  readonly instance?: string
}

export interface Assignment extends TopicPartition {
  readonly offset?: number | OffsetReset
}

export interface PollOptions {
  /** Stops adding batches once this much is there; the first batch comes whole in any case. Default 4 MiB. */
  readonly maxBytes?: number
  /** The same for each partition (max.partition.fetch.bytes). Default: `maxBytes`. */
  readonly maxPartitionBytes?: number
  /** Waits until so much is there, or the time is up. Only what the reader may see counts. Default 1. */
  readonly minBytes?: number
  /** At most so many records; of a batch that has more the rest comes with the next poll. Default: no limit. */
  readonly maxRecords?: number
  /** How long to wait for the first batch, or for `minBytes` (fetch.max.wait.ms). Default 0. */
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
