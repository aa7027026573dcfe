import type { Partition } from '../../broker/partition.ts'
import type { BatchHeader } from '../../record/batch-header.ts'

type Aborted = Awaited<ReturnType<Partition['abortedTransactions']>>[number]

/** Tells, batch by batch in the order of the log, which belong to transactions that were aborted. */
export class AbortedFilter {
  /** By first offset, the last first. */
  private readonly coming: Aborted[]
  /** The markers of those that have begun, by producer. */
  private readonly begun = new Map<number, number>()

  constructor(aborted: readonly Aborted[]) {
    this.coming = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  hides({ baseOffset, lastOffsetDelta, producerId, transactional, control }: BatchHeader): boolean {
    if (!transactional || control) return false
    while (this.coming.length > 0 && this.coming.at(-1)!.firstOffset <= baseOffset + lastOffsetDelta) {
      const { producerId: by, lastOffset } = this.coming.pop()!
      this.begun.set(by, lastOffset)
    }
    return baseOffset < (this.begun.get(producerId) ?? -1)
  }
}
