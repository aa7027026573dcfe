import type { GroupPosition } from '../coordinator/group-offsets.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { ProducerIdentity, TransactionStatus } from '../coordinator/transaction-state.ts'
import type { AppendEntry } from '../log/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'

export type { ProducerIdentity }

/** A batch of a transaction, not yet built: who writes it is known when everything is. */
export interface TransactionBatch {
  readonly log: PartitionLog
  /** Builds the batch for the producer that writes it; called once, after validation. */
  readonly build: (producer: ProducerIdentity, baseSequence: number) => Uint8Array
  readonly count: number
  readonly sizeBytes: number
  /** Of a batch from outside, as it was received. */
  readonly receivedCrc?: number
}

/** Positions of a group that a transaction commits. */
export interface GroupCommit {
  readonly group: string
  readonly positions: readonly GroupPosition[]
  /** Who commits, when it is a member of the group: a stale one is refused (KIP-447). */
  readonly member?: string | undefined
  readonly generation?: number | undefined
  readonly instance?: string | undefined
}

/** In the order given; sequences go on where each partition stands. */
export function buildData(batches: readonly TransactionBatch[], by: ProducerIdentity): AppendEntry[] {
  const sequences = new Map<PartitionLog, number>()
  return batches.map(({ log, count, build, receivedCrc }) => {
    const sequence = sequences.get(log) ?? log.nextSequence(by.producerId, by.producerEpoch)
    sequences.set(log, (sequence + count) % 2 ** 31)
    const batch = build(by, sequence)
    return receivedCrc === undefined ? { log, batch } : { log, batch, receivedCrc }
  })
}

/** What a coordinator knows of a transactional id. */
export interface TransactionFacts extends ProducerIdentity {
  readonly transactionalId: string
  readonly state: TransactionStatus
  readonly timeoutMs: number
  /** In the transaction that is open, or decided and not complete. */
  readonly partitions: readonly TopicPartition[]
  /** Of that transaction, milliseconds since 1970; null without one. */
  readonly startedAt: number | null
  /** Of the last transaction that there was; null before the first. */
  readonly lastStartedAt: number | null
}

/** A transaction that a partition has open and no coordinator knows of. */
export interface HangingTransaction extends TopicPartition, ProducerIdentity {
  readonly firstOffset: number
  /** Of its last record, milliseconds since 1970. */
  readonly lastTimestamp: number
}
