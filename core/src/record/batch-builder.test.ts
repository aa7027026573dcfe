import { expect, test } from 'vitest'
import { BatchBuilder } from './batch-builder.ts'
import { BATCH_OVERHEAD_BYTES } from './batch-header.ts'
import { toRecords } from './batch-reader.ts'
import { checkBatch } from './batch-validation.ts'

/** `0a 0b` for bytes; blanks and line breaks in the expected text are for the reader. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function spaced(text: string): string {
  return text.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, '')
}

test('a batch has the bytes of the format', () => {
  const builder = new BatchBuilder()
  builder.append('k', 'vé', 1000, [
    ['h', Uint8Array.of(7)],
    ['h', null],
  ])
  builder.append(null, Uint8Array.of(), 900)
  builder.append('', null, 1200)
  // Put down by hand from the description of the format; the checksum by an independent program (Python, bit by bit).
  expect(hex(builder.build())).toBe(
    spaced(`
      0000000000000000    # base offset
      00000053            # length of the rest: 83
      ffffffff            # leader epoch -1
      02                  # magic
      8fb3a988            # checksum
      0000                # attributes
      00000002            # last offset delta
      00000000000003e8    # base timestamp 1000
      00000000000004b0    # max timestamp 1200
      ffffffffffffffff    # no producer id
      ffff                # no producer epoch
      ffffffff            # no base sequence
      00000003            # 3 records
      22 00 00 00         # 17 bytes; attributes; timestamp +0; offset +0
      02 6b               # key of 1 byte
      06 76c3a9           # value of 3 bytes
      04 02 68 02 07      # 2 headers: h = 07
      02 68 01            #            h = null
      0e 00 c701 02       # 7 bytes; attributes; timestamp -100; offset +1
      01 00 00            # null key, empty value, no headers
      0e 00 9003 04       # 7 bytes; attributes; timestamp +200; offset +2
      00 01 00            # empty key, null value, no headers
    `),
  )
})

test('a batch names its producer', () => {
  const builder = new BatchBuilder()
  builder.append(null, 'v', 1)
  const batch = builder.build({ producerId: 2 ** 40 + 5, producerEpoch: 7, baseSequence: 42, transactional: true })
  expect(checkBatch(batch, 0, batch.length)).toMatchObject({
    producerId: 2 ** 40 + 5,
    producerEpoch: 7,
    baseSequence: 42,
    transactional: true,
    control: false,
    compression: 0,
  })
})

test('a builder counts records and bytes', () => {
  const builder = new BatchBuilder()
  expect(builder).toMatchObject({ count: 0, sizeBytes: BATCH_OVERHEAD_BYTES, maxTimestamp: -1 })
  builder.append(null, 'v', 20)
  builder.append(null, 'v', 10)
  expect(builder).toMatchObject({ count: 2, sizeBytes: BATCH_OVERHEAD_BYTES + 16, maxTimestamp: 20 })
  expect(builder.build().length).toBe(BATCH_OVERHEAD_BYTES + 16)
})

test('append says false, and changes nothing, when the batch is full', () => {
  const builder = new BatchBuilder({ maxBytes: BATCH_OVERHEAD_BYTES + 2 * 18 })
  expect(builder.append(null, 'x'.repeat(11), 1)).toBe(true)
  expect(builder.append(null, 'x'.repeat(12), 2)).toBe(false)
  expect(builder).toMatchObject({ count: 1, maxTimestamp: 1, sizeBytes: BATCH_OVERHEAD_BYTES + 18 })
  expect(builder.append(null, 'é'.repeat(5) + 'y', 3)).toBe(true)
  expect(toRecords(builder.build()).map(({ value }) => String(value))).toEqual(['x'.repeat(11), 'éééééy'])
})

test.each([
  ['text', 'é'.repeat(30)],
  ['bytes', new Uint8Array(60)],
])('a record of %s fits exactly, or is refused for a byte', (_kind, value) => {
  const exact = BATCH_OVERHEAD_BYTES + 2 + 6 + 60
  expect(new BatchBuilder({ maxBytes: exact }).append(null, value, 1)).toBe(true)
  const tight = new BatchBuilder({ maxBytes: exact - 1 })
  const refused = `RECORD_TOO_LARGE: a record is larger than a batch may be: expected at most ${exact - 1} bytes, received ${exact} bytes`
  expect(() => tight.append(null, value, 1)).toThrow(refused)
  expect(tight.append(null, 'small', 1)).toBe(true)
  expect(() => tight.append(null, value, 1)).toThrow(refused)
  expect(tight.count).toBe(1)
})

test('a timestamp is -1 or a time', () => {
  const builder = new BatchBuilder()
  for (const timestamp of [-2, 0.5, NaN, Infinity, Number.MAX_SAFE_INTEGER]) {
    expect(() => builder.append(null, 'v', timestamp)).toThrow(/NUMBER_OUT_OF_RANGE/)
  }
  builder.append(null, 'v', -1)
  builder.append(null, 'v', Number.MAX_SAFE_INTEGER - 1)
  expect(toRecords(builder.build()).map(({ timestamp }) => timestamp)).toEqual([-1, Number.MAX_SAFE_INTEGER - 1])
})

test('a builder that was built takes nothing more', () => {
  const builder = new BatchBuilder()
  builder.append(null, 'v', 1)
  builder.build()
  expect(() => builder.append(null, 'v', 1)).toThrow(/BATCH_CONSUMED/)
  expect(() => builder.build()).toThrow(/BATCH_CONSUMED/)
})

test('a small batch does not keep a large slab in memory', () => {
  const builder = new BatchBuilder({ initialBytes: 1 << 20, maxBytes: 1 << 20 })
  builder.append(null, 'v', 1)
  const batch = builder.build()
  expect(batch.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize)
})

test('what the caller does to its bytes afterwards does not reach the batch', () => {
  const value = Buffer.from('before')
  const builder = new BatchBuilder()
  builder.append(value, value, 1)
  value.write('after!')
  expect(String(toRecords(builder.build())[0]?.value)).toBe('before')
})
