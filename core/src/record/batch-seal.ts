import { assert } from '../base/assert.ts'
import {
  ATTRIBUTES_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_LENGTH_AT,
  BATCH_MAGIC,
  BATCH_OVERHEAD_BYTES,
  BATCH_PREFIX_BYTES,
  COMPRESSION_BITS,
  COUNT_AT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  stampBatch,
} from './batch-header.ts'
import { writeInt16, writeInt32, writeInt64 } from './big-endian.ts'
import { compressionCode, compressRecords, type Compression } from './compression.ts'
import { crc32c } from './crc32c.ts'

/** What a header says beyond sizes: all of it is under the checksum. */
export interface BatchSeal {
  readonly attributes: number
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Default: one offset for each record. Compaction leaves offsets without a record. */
  readonly lastOffsetDelta?: number
}

/** The epoch that Kafka's clients write; the log sets its own. */
const noLeaderEpoch = -1

/** Finishes a batch whose records stand behind the room for the header, and which ends with the array. Offsets start at 0. */
export function sealBatch(batch: Uint8Array, seal: BatchSeal): void {
  assert(seal.producerEpoch >= -1 && seal.producerEpoch <= 0x7fff, `a producer epoch of ${seal.producerEpoch}`)
  stampBatch(batch, 0, 0, noLeaderEpoch)
  writeInt32(batch, BATCH_LENGTH_AT, batch.length - BATCH_PREFIX_BYTES)
  batch[MAGIC_AT] = BATCH_MAGIC
  writeInt16(batch, ATTRIBUTES_AT, seal.attributes)
  writeInt32(batch, LAST_OFFSET_DELTA_AT, seal.lastOffsetDelta ?? seal.count - 1)
  writeInt64(batch, BASE_TIMESTAMP_AT, seal.baseTimestamp)
  writeInt64(batch, MAX_TIMESTAMP_AT, seal.maxTimestamp)
  writeInt64(batch, PRODUCER_ID_AT, seal.producerId)
  writeInt16(batch, PRODUCER_EPOCH_AT, seal.producerEpoch)
  writeInt32(batch, BASE_SEQUENCE_AT, seal.baseSequence)
  writeInt32(batch, COUNT_AT, seal.count)
  writeInt32(batch, CRC_AT, crc32c(batch.subarray(ATTRIBUTES_AT)))
}

/**
 * A batch of records that are encoded already, one behind the other, with deltas that fit the seal: compressed if so asked, and
 * kept so even where that makes it larger, as Kafka does. The compression bits of `seal.attributes` do not count.
 * Offsets start at 0: `stampBatch` sets the base offset and the epoch.
 * @throws CODEC_MISSING
 */
export function sealRecords(records: Uint8Array, seal: BatchSeal, compression: Compression): Uint8Array {
  const body = compression.codec === 'none' ? records : compressRecords(records, compression)
  const batch = Buffer.allocUnsafeSlow(BATCH_OVERHEAD_BYTES + body.length)
  batch.set(body, BATCH_OVERHEAD_BYTES)
  sealBatch(batch, { ...seal, attributes: (seal.attributes & ~COMPRESSION_BITS) | compressionCode(compression.codec) })
  return batch
}
