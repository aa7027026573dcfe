import { readInt16, readInt32, readInt64, readUint32, writeInt32, writeInt64 } from './big-endian.ts'

/**
 * The header of a record batch v2 (big-endian). Offset and epoch stand outside the checksum, so that the log sets them in place.
 *
 *      0         8         12          16    17   21
 *      ┌─────────┬─────────┬───────────┬─────┬────┬────────────────────── checksum covers from here ─┐
 *      │ base    │ batch   │ leader    │magic│crc │ attributes, last offset delta, base timestamp,   │
 *      │ offset 8│ length 4│ epoch 4   │1 = 2│ 4  │ max timestamp, producer id, epoch, base sequence,│
 *      │         │         │           │     │    │ count (61 bytes up to here), records             │
 *      └─────────┴─────────┴───────────┴─────┴────┴──────────────────────────────────────────────────┘
 *
 * Batch length counts the bytes behind itself. Attributes: bits 0–2 compression, 3 timestamp type, 4 transactional, 5 control,
 * 6 the base timestamp is a delete horizon.
 */

export const BATCH_OVERHEAD_BYTES = 61
export const BATCH_MAGIC = 2

/** Of the fields, from the first byte of the batch. */
export const BATCH_LENGTH_AT = 8
const LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
export const LAST_OFFSET_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
export const PRODUCER_ID_AT = 43
export const PRODUCER_EPOCH_AT = 51
export const BASE_SEQUENCE_AT = 53
export const COUNT_AT = 57

/** What stands in front of the bytes that the batch length counts. */
export const BATCH_PREFIX_BYTES = 12

export const COMPRESSION_BITS = 0b111
export const APPEND_TIME_BIT = 0b1000
export const TRANSACTIONAL_BIT = 0b1_0000
export const CONTROL_BIT = 0b10_0000
export const HORIZON_BIT = 0b100_0000

/** By code: what stands in the attributes. */
export const compressionNames: readonly ['none', 'gzip', 'snappy', 'lz4', 'zstd'] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

type CompressionCode = 0 | 1 | 2 | 3 | 4

export interface BatchHeader {
  readonly baseOffset: number
  /** Of the whole batch, header included. */
  readonly sizeBytes: number
  readonly leaderEpoch: number
  readonly magic: number
  readonly crc: number
  /** The codes 5 to 7 mean nothing; `checkBatch` refuses them. */
  readonly compression: CompressionCode
  /** With `append` the time of every record is `maxTimestamp`. */
  readonly timestampType: 'create' | 'append'
  readonly transactional: boolean
  readonly control: boolean
  /** Compaction has written the batch anew and put its delete horizon in the place of `baseTimestamp`. */
  readonly hasHorizon: boolean
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  /** -1 where there is none. */
  readonly maxTimestamp: number
  /** -1 where there is none, as epoch and sequence. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Compaction takes records away and leaves the offsets: it may be smaller than `lastOffsetDelta + 1`, even 0. */
  readonly count: number
}

/** The header at `at`; 61 bytes must be there. @throws NUMBER_OUT_OF_RANGE */
export function readBatchHeader(bytes: Uint8Array, at: number): BatchHeader {
  const attributes = attributesOf(bytes, at)
  return {
    baseOffset: baseOffsetOf(bytes, at),
    sizeBytes: batchSizeBytes(bytes, at),
    leaderEpoch: leaderEpochOf(bytes, at),
    magic: magicOf(bytes, at),
    crc: crcOf(bytes, at),
    compression: (attributes & COMPRESSION_BITS) as CompressionCode,
    timestampType: (attributes & APPEND_TIME_BIT) === 0 ? 'create' : 'append',
    transactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    control: (attributes & CONTROL_BIT) !== 0,
    hasHorizon: (attributes & HORIZON_BIT) !== 0,
    lastOffsetDelta: lastOffsetDeltaOf(bytes, at),
    baseTimestamp: readInt64(bytes, at + BASE_TIMESTAMP_AT),
    maxTimestamp: maxTimestampOf(bytes, at),
    producerId: readInt64(bytes, at + PRODUCER_ID_AT),
    producerEpoch: readInt16(bytes, at + PRODUCER_EPOCH_AT),
    baseSequence: readInt32(bytes, at + BASE_SEQUENCE_AT),
    count: countOf(bytes, at),
  }
}

export function baseOffsetOf(bytes: Uint8Array, at: number): number {
  return readInt64(bytes, at)
}

/** Of the whole batch, header included. */
export function batchSizeBytes(bytes: Uint8Array, at: number): number {
  return BATCH_PREFIX_BYTES + readInt32(bytes, at + BATCH_LENGTH_AT)
}

export function leaderEpochOf(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + LEADER_EPOCH_AT)
}

export function magicOf(bytes: Uint8Array, at: number): number {
  return bytes[at + MAGIC_AT]!
}

export function crcOf(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + CRC_AT)
}

export function attributesOf(bytes: Uint8Array, at: number): number {
  return readInt16(bytes, at + ATTRIBUTES_AT)
}

export function lastOffsetDeltaOf(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + LAST_OFFSET_DELTA_AT)
}

export function lastOffsetOf(bytes: Uint8Array, at: number): number {
  return baseOffsetOf(bytes, at) + lastOffsetDeltaOf(bytes, at)
}

export function maxTimestampOf(bytes: Uint8Array, at: number): number {
  return readInt64(bytes, at + MAX_TIMESTAMP_AT)
}

export function countOf(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at + COUNT_AT)
}

/** Sets what the log decides, in place: no checksum covers it. */
export function stampBatch(bytes: Uint8Array, at: number, baseOffset: number, leaderEpoch: number): void {
  writeInt64(bytes, at, baseOffset)
  writeInt32(bytes, at + LEADER_EPOCH_AT, leaderEpoch)
}
