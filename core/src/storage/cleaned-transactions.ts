import type { BatchHeader } from '../record/batch-header.ts'
import { readControlKind } from '../record/control-record.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/**
 * Follows the transactions of a partition through one compaction, from its start to its end.
 *
 * Invariants
 *   X1  A batch of an aborted transaction holds nothing that anybody may read.
 *   X2  A marker may go only when no batch of its transaction was met, empty ones included: without an abort marker what is left of
 *       its transaction would count as committed, without a commit marker as open.
 *   X3  The state is carried from one group of segments to the next (KAFKA-8351), and it knows the transactions that end behind
 *       the range too (KAFKA-13727).
 */
export class CleanedTransactions {
  /** By first offset; those up to `next` have begun. */
  private readonly aborted: readonly AbortedTransaction[]
  private next = 0
  /** By producer. */
  private readonly ongoing = new Map<number, OngoingAbort>()
  private readonly committing = new Set<number>()
  private remaining: AbortedTransaction[] = []

  /** All aborted transactions that have records in the range, or behind it. */
  constructor(aborted: readonly AbortedTransaction[]) {
    this.aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether the batch, which is no marker, belongs to an aborted transaction. */
  onBatch({ transactional, producerId, baseOffset, lastOffsetDelta }: BatchHeader): boolean {
    if (!transactional) return false
    this.beginUpTo(baseOffset + lastOffsetDelta)
    const ongoing = this.ongoing.get(producerId)
    if (ongoing !== undefined && ongoing.transaction.lastOffset > baseOffset) {
      ongoing.wasMet = true
      return true
    }
    this.ongoing.delete(producerId)
    this.committing.add(producerId)
    return false
  }

  /** Whether nothing is left of the transaction that the control batch ends. */
  onMarker({ producerId, baseOffset, lastOffsetDelta, count }: BatchHeader, batch: Uint8Array): boolean {
    this.beginUpTo(baseOffset + lastOffsetDelta)
    if (count === 0) return true // it was emptied because nothing was left
    const kind = readControlKind(batch)
    if (kind === 'commit') return !this.committing.delete(producerId)
    if (kind === null) return false
    const ongoing = this.ongoing.get(producerId)
    this.ongoing.delete(producerId)
    if (ongoing === undefined || !ongoing.wasMet) return !this.committing.delete(producerId)
    this.remaining.push(ongoing.transaction)
    return false
  }

  private beginUpTo(offset: number): void {
    while (this.next < this.aborted.length && this.aborted[this.next]!.firstOffset <= offset) {
      const transaction = this.aborted[this.next++]!
      const { producerId } = transaction
      const ongoing = this.ongoing.get(producerId)
      if (ongoing === undefined || ongoing.transaction.lastOffset < transaction.firstOffset)
        this.ongoing.set(producerId, { transaction, wasMet: false })
    }
  }

  /** The transactions whose abort markers were met since the last call and must stay known. */
  takeRemaining(): readonly AbortedTransaction[] {
    const { remaining } = this
    this.remaining = []
    return remaining
  }
}

interface OngoingAbort {
  readonly transaction: AbortedTransaction
  wasMet: boolean
}
