import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { readBatchHeader, HORIZON_BIT } from './batch-header.ts'
import { encodedRecords, toRecords } from './batch-reader.ts'
import { sealRecords } from './batch-seal.ts'
import { checkBatch } from './batch-validation.ts'
import { copiedSize, copyRecord, EncodedRecords } from './encoded-records.ts'
import { anyRecords, batchOf } from './records.fixtures.ts'

function walk(batch: Uint8Array): EncodedRecords {
  const header = readBatchHeader(batch, 0)
  return new EncodedRecords(encodedRecords(batch, header), header)
}

test('the walk finds what the reader finds', () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const batch = batchOf(records)
      const found = walk(batch)
      for (const { offset, key, value } of toRecords(batch)) {
        expect(found.next()).toBe(true)
        expect([found.offsetDelta, found.hasValue, found.key === null]).toEqual([offset, value !== null, key === null])
        if (key !== null) expect(key.equals(found.key!)).toBe(true)
      }
      expect(found.next()).toBe(false)
    }),
  )
})

test('copies with another base time and with gaps are the same records to a reader', () => {
  fc.assert(
    fc.property(anyRecords, fc.integer({ min: 0, max: 2_000_000_000_000 }), fc.nat(), (records, horizon, chosen) => {
      const batch = batchOf(records.map((record) => ({ ...record, timestamp: record.timestamp % 4_000_000_000_000 })))
      const header = readBatchHeader(batch, 0)
      const shift = header.baseTimestamp - horizon
      const found = walk(batch)
      const into = Buffer.alloc(batch.length + records.length * 20)
      let [end, count] = [0, 0]
      for (let index = 0; found.next(); index++) {
        if (((chosen >> (index % 30)) & 1) === 0) continue
        const size = copiedSize(found, shift)
        expect(copyRecord(into, end, found, shift)).toBe(end + size)
        end += size
        count++
      }
      const written = sealRecords(
        into.subarray(0, end),
        { ...header, attributes: HORIZON_BIT, count, baseTimestamp: horizon },
        { codec: 'none' },
      )
      expect(checkBatch(written, 0, written.length)).toMatchObject({ hasHorizon: true, count })
      expect(toRecords(written)).toEqual(toRecords(batch).filter((_, index) => ((chosen >> (index % 30)) & 1) === 1))
    }),
  )
})

test('changed bytes are walked or refused with a typed error, and no view reaches out of them', () => {
  fc.assert(
    fc.property(anyRecords, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, place, change) => {
      const batch = batchOf(records)
      const header = readBatchHeader(batch, 0)
      const content = Buffer.from(encodedRecords(batch, header))
      content[place % content.length]! ^= change
      const found = new EncodedRecords(content, header)
      try {
        while (found.next()) expect(found.end).toBeLessThanOrEqual(content.length)
      } catch (error) {
        expect(error).toBeInstanceOf(MillraceError)
        expect((error as MillraceError).code).toMatch(/^(CORRUPT_BATCH|NUMBER_OUT_OF_RANGE)$/)
      }
    }),
    { numRuns: 500 },
  )
})
