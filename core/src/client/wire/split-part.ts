import { BatchBuilder } from '../../record/batch-builder.ts'
import { compressionNames, readBatchHeader } from '../../record/batch-header.ts'
import { toRecords } from '../../record/batch-reader.ts'
import { BatchPart } from '../batch-part.ts'

/** The records of a batch that a topic does not take so large, in two halves. */
export function splitPart(batch: Uint8Array): readonly [BatchPart, BatchPart] {
  const records = toRecords(batch)
  const codec = compressionNames[readBatchHeader(batch, 0).compression]
  const half = Math.ceil(records.length / 2)
  const partOf = (some: typeof records): BatchPart => {
    // Whatever it becomes, it is not larger than what it was cut from, but for a record that does not compress alone.
    const builder = new BatchBuilder({ maxBytes: Number.MAX_SAFE_INTEGER, compression: { codec }, initialBytes: batch.length })
    for (const { key, value, timestamp, headers } of some) builder.append(key, value, timestamp, headers)
    return new BatchPart(builder, null)
  }
  return [partOf(records.slice(0, half)), partOf(records.slice(half))]
}
