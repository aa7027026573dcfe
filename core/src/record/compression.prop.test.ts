import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import { BatchBuilder, type ProducerStamp } from './batch-builder.ts'
import { ATTRIBUTES_AT, BATCH_OVERHEAD_BYTES, CRC_AT, readBatchHeader } from './batch-header.ts'
import { encodedRecords, forEachRecord, toRecords } from './batch-reader.ts'
import { checkBatch, isBatchIntact } from './batch-validation.ts'
import { writeInt32 } from './big-endian.ts'
import type { Compression } from './compression.ts'
import { crc32c } from './crc32c.ts'
import { anyProducer, anyRecords, batchOf, given, type GivenRecord } from './records.fixtures.ts'

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const

function compressed(records: readonly GivenRecord[], compression: Compression, producer?: ProducerStamp): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 16 << 20, compression })
  for (const { key, value, timestamp, headers } of records) builder.append(key, value, timestamp, headers)
  return builder.build(producer)
}

const anyCompression: fc.Arbitrary<Compression> = fc.oneof(
  fc.record({ codec: fc.constantFrom(...codecs) }),
  fc.record({ codec: fc.constant('gzip' as const), level: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ codec: fc.constant('zstd' as const), level: fc.integer({ min: -7, max: 19 }) }),
  fc.record({ codec: fc.constant('lz4' as const), level: fc.integer({ min: 1, max: 17 }) }),
)

test('any records come out of any codec as they went in, headers with null values and repeated names too', () => {
  fc.assert(
    fc.property(anyRecords, anyCompression, fc.option(anyProducer, { nil: undefined }), (records, compression, producer) => {
      const plain = batchOf(records, producer)
      const batch = compressed(records, compression, producer)
      const { compression: code, sizeBytes, crc, ...fields } = checkBatch(batch, 0, batch.length)
      const { compression: none, sizeBytes: plainBytes, crc: plainCrc, ...plainFields } = readBatchHeader(plain, 0)
      expect(fields).toEqual(plainFields)
      expect([code, sizeBytes, none]).toEqual([1 + codecs.indexOf(compression.codec as 'gzip'), batch.length, 0])
      expect(crc === plainCrc && sizeBytes === plainBytes).toBe(false)
      expect(toRecords(batch)).toEqual(toRecords(plain))
      const offsets: number[] = []
      forEachRecord(batch, ({ offset }) => offsets.push(offset))
      expect(offsets).toEqual(records.map((_, i) => i))
      expect(Buffer.from(encodedRecords(batch, readBatchHeader(batch, 0))).equals(plain.subarray(BATCH_OVERHEAD_BYTES))).toBe(
        true,
      )
    }),
    { numRuns: 300 },
  )
})

test.each(codecs)('%s: every cut and every flipped bit is seen by the checksum', (codec) => {
  const batch = compressed([given({ key: 'k', value: 'v'.repeat(300) })], { codec })
  for (let length = 0; length < batch.length; length++) expect(isBatchIntact(batch.subarray(0, length), 0)).toBe(false)
  for (let bit = ATTRIBUTES_AT * 8; bit < batch.length * 8; bit++) {
    batch[bit >> 3]! ^= 1 << (bit & 7)
    expect(isBatchIntact(batch, 0)).toBe(false)
    batch[bit >> 3]! ^= 1 << (bit & 7)
  }
})

/** What a wrong writer sends: its checksum fits. */
function reseal(batch: Uint8Array, block: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([batch.subarray(0, BATCH_OVERHEAD_BYTES), block])
  writeInt32(bytes, 8, bytes.length - 12)
  writeInt32(bytes, CRC_AT, crc32c(bytes.subarray(ATTRIBUTES_AT)))
  return bytes
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    return error instanceof MillraceError ? error.code : `untyped: ${String(error)}`
  }
}

const sample = Array.from({ length: 40 }, (_, i) => given({ key: `key-${i}`, value: `value ${i * 7919} of many`, timestamp: i }))

test.each(codecs)('%s: a block that is cut off, or has something behind it, is refused behind a checksum that fits', (codec) => {
  const batch = compressed(sample, { codec })
  const block = batch.subarray(BATCH_OVERHEAD_BYTES)
  for (let length = 0; length < block.length; length++) {
    expect([length, codeOf(() => toRecords(reseal(batch, block.subarray(0, length))))]).toEqual([length, 'CORRUPT_BATCH'])
  }
  for (const rest of [[0], [0, 0, 0, 0, 0], [1], [0x1f, 0x8b], [0xff, 0xff, 0xff, 0xff], [...block]]) {
    const longer = Buffer.concat([block, Buffer.from(rest)])
    expect([rest.length, codeOf(() => toRecords(reseal(batch, longer)))]).toEqual([rest.length, 'CORRUPT_BATCH'])
  }
})

test.each(codecs)('%s: any change behind a checksum that fits gives records or a typed error', (codec) => {
  const batch = compressed(sample, { codec })
  const block = batch.subarray(BATCH_OVERHEAD_BYTES)
  for (let bit = 0; bit < block.length * 8; bit++) {
    const changed = Buffer.from(block)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    let records: unknown = null
    const code = codeOf(() => (records = toRecords(reseal(batch, changed))))
    expect(code).toMatch(/^(none|CORRUPT_BATCH|CONTENT_TOO_LARGE|NUMBER_OUT_OF_RANGE)$/)
    // gzip has a checksum over the content: a bit that passes it meant nothing.
    if (codec === 'gzip' && code === 'none') expect(records).toEqual(toRecords(batch))
  }
})

test('bytes that are no block at all are refused by every codec', () => {
  fc.assert(
    fc.property(fc.constantFrom(...codecs), fc.uint8Array({ maxLength: 300 }), (codec, bytes) => {
      const batch = compressed(sample, { codec })
      expect(codeOf(() => toRecords(reseal(batch, bytes)))).toMatch(/^(CORRUPT_BATCH|CONTENT_TOO_LARGE)$/)
    }),
    { numRuns: 500 },
  )
})
