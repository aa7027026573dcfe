import { readBatchHeader } from '../record/batch-header.ts'
import { readControlKind } from '../record/control-record.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/** Follows the transactions of a partition, batch by batch from its start: what its transaction indexes must say. */
export class TransactionReplay {
  /** First offsets of open transactions by producer, in their order. */
  private readonly open = new Map<number, number>()

  /** Returns the transaction that the batch aborts, if it does. */
  add(batch: Uint8Array): AbortedTransaction | null {
    const { producerId, baseOffset, control, transactional } = readBatchHeader(batch, 0)
    if (!control) {
      if (transactional && !this.open.has(producerId)) this.open.set(producerId, baseOffset)
      return null
    }
    const kind = readControlKind(batch)
    if (kind === null) return null
    const firstOffset = this.open.get(producerId)
    this.open.delete(producerId)
    if (kind === 'commit' || firstOffset === undefined) return null
    const lastStableOffset = this.open.values().next().value ?? baseOffset + 1
    return { producerId, firstOffset, lastOffset: baseOffset, lastStableOffset }
  }
}
