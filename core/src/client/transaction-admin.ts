import type { TopicPartition } from '../base/ids.ts'

/** Transactional ids, their transactions, and the way out for those that nobody ends (KIP-664). */
export interface TransactionAdmin {
  /** By the name of the transactional id; those that fit every condition of the filter. */
  listTransactions(filter?: TransactionFilter): Promise<readonly TransactionDescription[]>
  /** @throws UNKNOWN_TRANSACTIONAL_ID */
  describeTransaction(transactionalId: string): Promise<TransactionDescription>
  /** Transactions that a partition has open and no coordinator will ever end: they hold the last stable offset. */
  findHangingTransactions(): Promise<readonly HangingTransactionDescription[]>
  /**
   * Aborts the open transaction of a transactional id, whose producer hears of it at its next step; or one that hangs.
   * @throws UNKNOWN_TRANSACTIONAL_ID, INVALID_TXN_STATE when none is open
   */
  abortTransaction(target: string | HangingTransactionDescription): Promise<void>
  /** Takes the ids over, so that nothing more of their producers is taken; their open transactions are aborted. */
  fenceProducers(transactionalIds: readonly string[]): Promise<void>
}

export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'

export interface TransactionFilter {
  readonly states?: readonly TransactionState[]
  readonly producerIds?: readonly number[]
  /** Open for longer than so many milliseconds. */
  readonly olderThanMs?: number
}

export interface TransactionDescription {
  readonly transactionalId: string
  readonly state: TransactionState
  readonly producerId: number
  readonly producerEpoch: number
  readonly timeoutMs: number
  /** In the transaction that is open, or decided and not complete. */
  readonly partitions: readonly TopicPartition[]
  /** Of that transaction, milliseconds since 1970; null without one. */
  readonly startedAt: number | null
  /** Of the last transaction that there was; null before the first. */
  readonly lastStartedAt: number | null
}

export interface HangingTransactionDescription extends TopicPartition {
  readonly producerId: number
  readonly producerEpoch: number
  /** Where it begins; nothing behind it is stable. */
  readonly firstOffset: number
  /** Of its last record, milliseconds since 1970. */
  readonly lastTimestamp: number
}
