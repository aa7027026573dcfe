import { expect, test } from 'vitest'
import { noHeaders } from '../base/bytes.ts'
import { ATTRIBUTES_AT, BATCH_OVERHEAD_BYTES, COUNT_AT, LAST_OFFSET_DELTA_AT, stampBatch } from './batch-header.ts'
import { forEachRecord, toRecords, type RecordView } from './batch-reader.ts'
import { writeInt32 } from './big-endian.ts'
import { batchOf, given } from './records.fixtures.ts'

test('forEachRecord shows one object that changes, with views that stay', () => {
  const batch = batchOf([given({ key: 'a' }), given({ key: 'b', headers: [['h', null]] }), given()])
  stampBatch(batch, 0, 100, 3)
  const seen = new Set<RecordView>()
  const keys: (Buffer | null)[] = []
  const offsets: number[] = []
  forEachRecord(batch, (record) => {
    seen.add(record)
    keys.push(record.key)
    offsets.push(record.offset)
  })
  expect(seen.size).toBe(1)
  expect(keys.map((key) => key?.toString() ?? null)).toEqual(['a', 'b', null])
  expect(keys[0]?.buffer).toBe(batch.buffer)
  expect(offsets).toEqual([100, 101, 102])
})

test('toRecords gives an object a record, and one empty list of headers', () => {
  const [first, second] = toRecords(batchOf([given({ value: 'a' }), given({ value: 'b' })]))
  expect(first).not.toBe(second)
  expect(first?.headers).toBe(noHeaders)
  expect(second?.headers).toBe(noHeaders)
})

test('views are Buffers as Node makes them', () => {
  const [record] = toRecords(batchOf([given({ value: 'text' })]))
  expect(Buffer.isBuffer(record?.value)).toBe(true)
  expect(record?.value?.constructor).toBe(Buffer)
  expect(record?.value).toEqual(Buffer.from('text'))
})

test('with the time of the append every record has the greatest timestamp', () => {
  const batch = batchOf([given({ timestamp: 5 }), given({ timestamp: 9 }), given({ timestamp: 7 })])
  expect(toRecords(batch).map(({ timestamp }) => timestamp)).toEqual([5, 9, 7])
  batch[ATTRIBUTES_AT + 1] = 0b1000
  expect(toRecords(batch).map(({ timestamp }) => timestamp)).toEqual([9, 9, 9])
})

test('a batch that is not compressed as it says is refused, with its place and its codec', () => {
  const batch = batchOf([given()])
  stampBatch(batch, 0, 12, 0)
  batch[ATTRIBUTES_AT + 1] = 4
  expect(() => toRecords(batch)).toThrow(
    'CORRUPT_BATCH: the zstd block cannot be read: Unknown frame descriptor (batch at offset 12). Send the batch again, unchanged and whole.',
  )
})

test('a batch that compaction emptied has no records', () => {
  const batch = batchOf([given()]).slice(0, BATCH_OVERHEAD_BYTES)
  writeInt32(batch, 8, BATCH_OVERHEAD_BYTES - 12)
  writeInt32(batch, COUNT_AT, 0)
  expect(toRecords(batch)).toEqual([])
})

test('offsets may leave gaps up to the last one', () => {
  const batch = batchOf([given(), given()])
  writeInt32(batch, LAST_OFFSET_DELTA_AT, 5)
  batch[BATCH_OVERHEAD_BYTES + 3] = 2 << 1 // the first record's offset delta
  batch[BATCH_OVERHEAD_BYTES + 10] = 5 << 1
  expect(toRecords(batch).map(({ offset }) => offset)).toEqual([2, 5])
})

/** The one record of the batch: 0c length 6 │ 00 attributes │ 00 time │ 00 offset │ 01 null key │ 01 null value │ 00 headers. */
test.each([
  ['a record length beyond the batch', 0, 0x0e, 'a length reaches too far'],
  ['a negative record length', 0, 0x01, 'a length reaches too far'],
  ['a record length that is short', 0, 0x0a, 'a record does not end where its length says'],
  ['an offset delta beyond the last', 3, 0x02, 'an offset delta is out of order'],
  ['a negative offset delta', 3, 0x01, 'an offset delta is out of order'],
  ['a key that is too long', 4, 0x08, 'a length reaches too far'],
  ['a key length of -2', 4, 0x03, 'a length is negative'],
  ['a value that is too long', 5, 0x04, 'a length reaches too far'],
  ['more headers than there is room for', 6, 0x02, 'headers reach out of their record'],
  ['a negative count of headers', 6, 0x01, 'headers reach out of their record'],
])('%s is a corrupt batch', (_name, at, byte, what) => {
  const batch = batchOf([given()])
  expect(batch[BATCH_OVERHEAD_BYTES]).toBe(0x0c)
  batch[BATCH_OVERHEAD_BYTES + at] = byte
  expect(() => toRecords(batch)).toThrow(`CORRUPT_BATCH: ${what} (batch at offset 0, byte `)
})

test('a batch with more bytes than records is corrupt', () => {
  const batch = batchOf([given(), given()])
  writeInt32(batch, COUNT_AT, 1)
  expect(() => toRecords(batch)).toThrow('CORRUPT_BATCH: the batch does not end with its last record')
})

test('a batch that is cut off is corrupt', () => {
  const batch = batchOf([given()])
  expect(() => toRecords(batch.subarray(0, batch.length - 1))).toThrow('CORRUPT_BATCH: the batch is cut off')
})
