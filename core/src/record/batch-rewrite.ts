import { attributesOf, BATCH_OVERHEAD_BYTES, COMPRESSION_BITS, APPEND_TIME_BIT, type BatchHeader } from './batch-header.ts'
import { encodedRecords } from './batch-reader.ts'
import { sealBatch, sealRecords, type BatchSeal } from './batch-seal.ts'
import type { Compression } from './compression.ts'

/** What the log changes in a batch that was sent to it; everything else stays, offsets and sequences too. */
export interface BatchChanges {
  /** Null: the block stays as it is. */
  readonly compression: Compression | null
  readonly maxTimestamp: number
  /** `append`: the time of every record is `maxTimestamp` from now on. */
  readonly timestampType: 'create' | 'append'
}

/**
 * The batch anew, with its checksum; the old one is not touched, so that a refused batch can be sent again as it was.
 * @throws CORRUPT_BATCH, CONTENT_TOO_LARGE, CODEC_MISSING
 */
export function rewriteBatch(batch: Uint8Array, header: BatchHeader, changes: BatchChanges): Uint8Array {
  const seal = sealOf(batch, header, changes)
  if (changes.compression !== null) return sealRecords(encodedRecords(batch, header), seal, changes.compression)
  const copy = Buffer.allocUnsafeSlow(header.sizeBytes)
  copy.set(batch.subarray(BATCH_OVERHEAD_BYTES, header.sizeBytes), BATCH_OVERHEAD_BYTES)
  sealBatch(copy, { ...seal, attributes: seal.attributes | (attributesOf(batch, 0) & COMPRESSION_BITS) })
  return copy
}

function sealOf(batch: Uint8Array, header: BatchHeader, { maxTimestamp, timestampType }: BatchChanges): BatchSeal {
  const { baseTimestamp, count, lastOffsetDelta, producerId, producerEpoch, baseSequence } = header
  const kept = attributesOf(batch, 0) & ~(COMPRESSION_BITS | APPEND_TIME_BIT)
  const attributes = timestampType === 'append' ? kept | APPEND_TIME_BIT : kept
  return { attributes, count, lastOffsetDelta, baseTimestamp, maxTimestamp, producerId, producerEpoch, baseSequence }
}
