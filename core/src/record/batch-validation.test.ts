import { expect, test } from 'vitest'
import { ATTRIBUTES_AT, COUNT_AT, CRC_AT, LAST_OFFSET_DELTA_AT, MAX_TIMESTAMP_AT } from './batch-header.ts'
import { checkBatch, isBatchIntact } from './batch-validation.ts'
import { writeInt32 } from './big-endian.ts'
import { crc32c } from './crc32c.ts'
import { batchOf, given } from './records.fixtures.ts'

/** A batch that was changed by someone who knows the format. */
function changed(change: (batch: Uint8Array) => void): Uint8Array {
  const batch = batchOf([given(), given()])
  change(batch)
  writeInt32(batch, CRC_AT, crc32c(batch.subarray(ATTRIBUTES_AT)))
  return batch
}

test.each([
  ['an old format', changed((b) => (b[16] = 1)), 'the batch has another format (byte 0): expected magic 2, received 1'],
  [
    'a size below the header',
    changed((b) => writeInt32(b, 8, 48)),
    'the batch is shorter than its header (byte 0): expected 61 bytes, received 60',
  ],
  ['a negative size', changed((b) => writeInt32(b, 8, -1)), 'the batch is shorter than its header'],
  [
    'a size above the bytes',
    changed((b) => writeInt32(b, 8, 64)),
    'the bytes end within a batch (byte 0): expected 76 bytes, received 75',
  ],
  [
    'a size above the limit',
    changed((b) => writeInt32(b, 8, 2000)),
    'the batch is too large (byte 0): expected at most 1000 bytes, received 2012',
  ],
  ['an unknown compression', changed((b) => (b[ATTRIBUTES_AT + 1] = 5)), 'the compression is unknown'],
  [
    'a count above the offsets',
    changed((b) => writeInt32(b, COUNT_AT, 3)),
    'the batch counts more records than offsets (byte 0): expected 0 to 2 records',
  ],
  ['a negative count', changed((b) => writeInt32(b, COUNT_AT, -1)), 'the batch counts more records than offsets'],
  ['a negative last offset', changed((b) => writeInt32(b, LAST_OFFSET_DELTA_AT, -1)), 'the last offset lies before the first'],
])('checkBatch refuses %s', (_name, batch, message) => {
  expect(() => checkBatch(batch, 0, 1000)).toThrow(`CORRUPT_BATCH: ${message}`)
  expect(isBatchIntact(batch, 0)).toBe(false)
})

test('checkBatch says what the checksum should be', () => {
  const batch = batchOf([given({ value: 'v' })])
  const right = crc32c(batch.subarray(ATTRIBUTES_AT))
  writeInt32(batch, CRC_AT, 0xab)
  expect(() => checkBatch(batch, 0, 1000)).toThrow(`expected 0x${right.toString(16).padStart(8, '0')}, received 0x000000ab`)
})

test('checkBatch takes a batch that compaction thinned out', () => {
  expect(
    checkBatch(
      changed((b) => writeInt32(b, LAST_OFFSET_DELTA_AT, 9)),
      0,
      1000,
    ),
  ).toMatchObject({ count: 2, lastOffsetDelta: 9 })
})

test('a number beyond 2^53 is refused by its own name, and the batch is intact all the same', () => {
  const batch = changed((b) => b.fill(0x7f, MAX_TIMESTAMP_AT, MAX_TIMESTAMP_AT + 8))
  expect(() => checkBatch(batch, 0, 1000)).toThrow(/NUMBER_OUT_OF_RANGE/)
  expect(isBatchIntact(batch, 0)).toBe(true)
})
