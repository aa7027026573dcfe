import type { Bytes } from '../base/bytes.ts'
import type { AppendOptions, AppendResult, OffsetCommit, OutgoingBatch } from './producer.ts'

/**
 * A transaction that is open: what is written in it is seen by read_committed readers all at once when `commit` resolves, or never.
 *
 *      open ── commit ──> ended        a write that fails leaves only `abort`
 *        └──── abort ───> ended        `await using` aborts what was neither committed nor aborted
 *
 * Errors, by their outcome: `retriable` of `commit`: call it again. `fenced`: a newer producer has the transactional id, and this one
 * takes nothing more. `unknownOutcome`: it may or may not be committed; only a new producer goes on, which fences this one first.
 * `fatal`: abort, and do the work again where the error says so.
 */
export interface Transaction extends AsyncDisposable {
  /** Takes one record, as `Producer.append` does; it is written with the next round. @throws TRANSACTION_ENDED, and what that throws */
  append(topic: string, key: Bytes, value: Bytes, options?: AppendOptions): boolean
  /** Writes a batch of this producer; resolves when it is durable. @throws TRANSACTION_ENDED, TRANSACTION_MUST_ABORT, BATCH_CONSUMED */
  send(batch: OutgoingBatch): Promise<AppendResult>
  /** Positions of a group, which count once the transaction is committed. @throws TRANSACTION_ENDED, TRANSACTION_MUST_ABORT */
  sendOffsets(offsets: OffsetCommit): Promise<void>
  /**
   * Writes what was appended, then commits; resolves when readers see all of it. A transaction without writes costs nothing.
   * @throws TRANSACTION_ENDED, TRANSACTION_MUST_ABORT (nothing is committed), PRODUCER_FENCED,
   * TRANSACTION_INCOMPLETE, JOURNAL_FAILED
   */
  commit(): Promise<void>
  /** Takes everything back. @throws TRANSACTION_ENDED, INVALID_TXN_STATE when it was committed after all */
  abort(): Promise<void>
}
