import { forEachBatch, toRecords, type RecordView } from '@millrace/core/testing'

interface Found {
  readonly records: readonly RecordView[]
  /** Behind the last batch. */
  readonly next: number
}

interface Aborted {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * The records of what a fetch has brought, those before the offset that was asked for among them; without markers, and without what was
 * aborted, as the answer says.
 */
export function recordsOf(batches: Uint8Array, abortedTransactions: readonly Aborted[] = []): Found {
  const records: RecordView[] = []
  const aborted = abortedTransactions.toSorted((a, b) => a.firstOffset - b.firstOffset)
  const leftOut = new Set<number>()
  let next = 0
  forEachBatch(batches, (header, at) => {
    const { producerId, baseOffset, lastOffsetDelta, control, transactional, sizeBytes } = header
    next = baseOffset + lastOffsetDelta + 1
    while (aborted.length > 0 && aborted[0]!.firstOffset < next) leftOut.add(aborted.shift()!.producerId)
    if (control) leftOut.delete(producerId)
    else if (!transactional || !leftOut.has(producerId)) records.push(...toRecords(batches.subarray(at, at + sizeBytes)))
  })
  return { records, next }
}
