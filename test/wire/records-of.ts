import { forEachBatch, toRecords, type RecordView } from '@millrace/core/testing'

/** All records of what a fetch has brought, those before the offset that was asked for among them. */
export function recordsOf(batches: Uint8Array): RecordView[] {
  const all: RecordView[] = []
  forEachBatch(batches, ({ sizeBytes, control }, at) => {
    if (!control) all.push(...toRecords(batches.subarray(at, at + sizeBytes)))
  })
  return all
}
