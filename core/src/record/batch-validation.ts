import { coreError } from '../base/error-catalogue.ts'
import {
  ATTRIBUTES_AT,
  attributesOf,
  BATCH_MAGIC,
  BATCH_OVERHEAD_BYTES,
  batchSizeBytes,
  COMPRESSION_BITS,
  compressionNames,
  countOf,
  crcOf,
  lastOffsetDeltaOf,
  magicOf,
  readBatchHeader,
  type BatchHeader,
} from './batch-header.ts'
import { crc32c } from './crc32c.ts'

/**
 * The border that batches from disk or from outside cross: behind it sizes and checksum are right, and fields make sense.
 *
 * The checksum covers everything but base offset, batch length, leader epoch and magic. A wrong length or magic shows in other
 * ways; offset and epoch are the log's own to compare with what it expects. Records are not looked into: `forEachRecord` does.
 */

/** Why bytes are no batch. */
interface Flaw {
  readonly what: string
  readonly expected: string | number
  readonly received: string | number
}

/**
 * The header of the batch at `at`, which is whole, intact and not larger than `limitBytes`.
 * Fewer records than offsets are no flaw: compaction leaves such batches. (A producer may not send them.)
 * @throws CORRUPT_BATCH; NUMBER_OUT_OF_RANGE for an offset, time or producer id beyond 2^53
 */
export function checkBatch(bytes: Uint8Array, at: number, limitBytes: number): BatchHeader {
  const found = flawOf(bytes, at, limitBytes)
  if (found !== null) throw coreError('CORRUPT_BATCH', { ...found, where: `byte ${at}` })
  return readBatchHeader(bytes, at)
}

/** Whether a batch begins at `at` that is whole and intact. For scans that look for the end of what was written. */
export function isBatchIntact(bytes: Uint8Array, at: number): boolean {
  return flawOf(bytes, at, Infinity) === null
}

/** Checks and visits batches that stand one behind the other up to the end of the bytes. @throws as `checkBatch` */
export function forEachBatch(bytes: Uint8Array, visit: (header: BatchHeader, at: number) => void): void {
  for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) visit(checkBatch(bytes, at, Infinity), at)
}

function flawOf(bytes: Uint8Array, at: number, limitBytes: number): Flaw | null {
  return flawOfFrame(bytes, at, limitBytes) ?? flawOfChecksum(bytes, at) ?? flawOfFields(bytes, at)
}

function flawOfFrame(bytes: Uint8Array, at: number, limitBytes: number): Flaw | null {
  const available = bytes.length - at
  if (available < BATCH_OVERHEAD_BYTES)
    return flaw('the bytes end within a batch header', `${BATCH_OVERHEAD_BYTES} bytes`, available)
  if (magicOf(bytes, at) !== BATCH_MAGIC) return flaw('the batch has another format', `magic ${BATCH_MAGIC}`, magicOf(bytes, at))
  const size = batchSizeBytes(bytes, at)
  if (size < BATCH_OVERHEAD_BYTES) return flaw('the batch is shorter than its header', `${BATCH_OVERHEAD_BYTES} bytes`, size)
  if (size > limitBytes) return flaw('the batch is too large', `at most ${limitBytes} bytes`, size)
  return size > available ? flaw('the bytes end within a batch', `${size} bytes`, available) : null
}

function flawOfChecksum(bytes: Uint8Array, at: number): Flaw | null {
  const received = crcOf(bytes, at)
  const expected = crc32c(bytes.subarray(at + ATTRIBUTES_AT, at + batchSizeBytes(bytes, at)))
  return expected === received ? null : flaw('the checksum does not match', hex(expected), hex(received))
}

function flawOfFields(bytes: Uint8Array, at: number): Flaw | null {
  const compression = attributesOf(bytes, at) & COMPRESSION_BITS
  if (compressionNames[compression] === undefined) return flaw('the compression is unknown', 'a code from 0 to 4', compression)
  const lastOffsetDelta = lastOffsetDeltaOf(bytes, at)
  if (lastOffsetDelta < 0) return flaw('the last offset lies before the first', 'an offset delta from 0', lastOffsetDelta)
  const count = countOf(bytes, at)
  const fits = count >= 0 && count - 1 <= lastOffsetDelta
  return fits ? null : flaw('the batch counts more records than offsets', `0 to ${lastOffsetDelta + 1} records`, count)
}

function flaw(what: string, expected: string | number, received: string | number): Flaw {
  return { what, expected, received }
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`
}
