import type { Bytes, Header } from '../base/bytes.ts'
import type { CompressionName } from '../record/compression.ts'
import type { Transaction } from './transaction.ts'

/**
 * The writing side of a log.
 *
 * Invariants
 *   P1  An acknowledged record is durable under the log's durability, and readable.
 *   P2  The order of the log is the order of the calls, per partition.
 *   P3  After an error with outcome `unknownOutcome` the producer refuses everything: open a new one, which fences first.
 */
export interface Producer extends AsyncDisposable {
  /**
   * Takes one record, synchronously. `false` means: taken, but the buffer is over its bound; await `ready()` before the next.
   * Without `options.partition` the key decides as in Kafka (murmur2); records without key stay together in one partition
   * for as long as a batch is open.
   * @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, RECORD_TOO_LARGE; INVALID_RECORD for a record without key on a compacted topic;
   * INVALID_TIMESTAMP outside of what the topic takes; NUMBER_OUT_OF_RANGE for what is no time; INVALID_OPTION for what is no key, value or
   * header; INVALID_TOPIC_NAME for the log's own topics; BUFFER_FULL when twice the bound waits; TRANSACTIONAL_ONLY on a transactional
   * producer. What is refused leaves the producer as it was.
   */
  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean
  /** A batch to fill and hand to `send` or `transact`, for one partition. @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_TOPIC_NAME */
  batch(topic: string, partition: number): OutgoingBatch
  /** Resolves when fewer than `maxBufferedBytes` wait. */
  ready(): Promise<void>
  /** Resolves when everything appended so far is acknowledged. @throws what failed since the last flush. */
  flush(): Promise<void>
  /**
   * Appends the batch; resolves when it is acknowledged. One promise a call, never one a record. When it is refused without effect the
   * same batch may be sent again. @throws BATCH_CONSUMED, TRANSACTIONAL_ONLY, INVALID_OPTION for the batch of another producer;
   * UNKNOWN_TOPIC when the topic is gone meanwhile, also if there is a new one of its name
   */
  send(batch: OutgoingBatch): Promise<AppendResult>
  /**
   * All or nothing, durable when it resolves, and visible to read_committed readers. Transactional producers only.
   * @throws NOT_TRANSACTIONAL, TRANSACTION_OPEN while one that was begun is open, TRANSACTION_TOO_LARGE
   */
  transact(work: TransactionWork): Promise<TransactionResult>
  /**
   * Opens a transaction that stays open until it is committed or aborted, one at a time. Transactional producers only.
   * @throws NOT_TRANSACTIONAL, TRANSACTION_OPEN
   */
  begin(): Promise<Transaction>
  /** The partition that a record with this key goes to. @throws UNKNOWN_TOPIC */
  partitionOf(topic: string, key: Bytes): number
  close(): Promise<void>
}

export interface ProducerOptions {
  /** Makes the producer transactional. Its older namesakes are fenced. Default: none. */
  readonly transactionalId?: string
  /**
   * How long a transaction may be open before the log aborts it, at most 15 minutes. Default 60 s.
   * It counts from the first write; transactions through `transact` are never open.
   */
  readonly transactionTimeoutMs?: number
  /** Bytes that may wait before `append` says `false`. Default 32 MiB. */
  readonly maxBufferedBytes?: number
  /**
   * How record batches are compressed, at the codec's default level. A topic whose `compression.type` is not `producer` decides
   * for itself. Default: none.
   */
  readonly compression?: CompressionName
}

export interface AppendOptions {
  readonly partition?: number
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: number
  readonly headers?: readonly Header[]
}

/** Records on their way to one partition, encoded as they come. After `send` or `transact` it takes nothing more. */
export interface OutgoingBatch {
  readonly topic: string
  readonly partition: number
  /** Records in it. */
  readonly count: number
  /** Encoded bytes in it, batch headers included. What is compressed already counts as it became. */
  readonly sizeBytes: number
  /** @throws RECORD_TOO_LARGE, BATCH_CONSUMED; INVALID_RECORD, INVALID_TIMESTAMP, NUMBER_OUT_OF_RANGE, INVALID_OPTION as `Producer.append` */
  append(key: Bytes, value: Bytes, timestamp: number, headers?: readonly Header[]): void
}

/** Where the records of one OutgoingBatch stand: `count` consecutive offsets from `baseOffset`, -1 for an empty batch. */
export interface AppendResult {
  readonly topic: string
  readonly partition: number
  readonly baseOffset: number
  readonly count: number
}

export interface TransactionWork {
  readonly batches: readonly OutgoingBatch[]
  readonly offsets?: OffsetCommit
}

/** Positions of a group, committed with the rest of the transaction. */
export interface OffsetCommit {
  readonly group: string
  readonly positions: readonly CommittedPosition[]
  /**
   * Of a consumer that subscribes (`consumer.membership()`): when the group has gone on without it, the transaction is refused
   * (KIP-447). Default: not checked.
   */
  readonly member?: string
  readonly generation?: number
  readonly instance?: string
}

export interface CommittedPosition {
  readonly topic: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  /** At most 4,096 characters. Default: empty. */
  readonly metadata?: string
  /** The `leaderEpoch` of the last batch that was read. Default: unknown. */
  readonly leaderEpoch?: number
}

export interface TransactionResult {
  /** In the order of `work.batches`; an empty batch has count 0 and base offset -1. */
  readonly appended: readonly AppendResult[]
  /** Who wrote it: together they name this one transaction (KIP-890: the epoch rises with every one). */
  readonly producerId: number
  readonly producerEpoch: number
}
