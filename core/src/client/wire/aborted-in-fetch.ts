import type { BatchHeader } from '../../record/batch-header.ts'
import { readControlKind } from '../../record/control-record.ts'

interface Aborted {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * Tells, batch by batch in the order of the log, which belong to transactions that were aborted: an answer names where each begins, and
 * the marker in the log where it ends.
 */
export class AbortedInFetch {
  /** By first offset, the last first. */
  private readonly coming: Aborted[]
  private readonly begun = new Set<number>()

  constructor(aborted: readonly Aborted[]) {
    this.coming = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset)
  }

  hides(batch: Uint8Array, { baseOffset, lastOffsetDelta, producerId, transactional, control }: BatchHeader): boolean {
    while (this.coming.length > 0 && this.coming.at(-1)!.firstOffset <= baseOffset + lastOffsetDelta)
      this.begun.add(this.coming.pop()!.producerId)
    if (control && this.begun.has(producerId) && readControlKind(batch) === 'abort') this.begun.delete(producerId)
    return transactional && !control && this.begun.has(producerId)
  }
}
