import fc from 'fast-check'
import type { Bytes, Header } from '../base/bytes.ts'
import { BatchBuilder, type ProducerStamp } from './batch-builder.ts'

/** A record as a caller gives it. */
export interface GivenRecord {
  readonly key: Bytes
  readonly value: Bytes
  readonly timestamp: number
  readonly headers: readonly Header[]
}

const lastTimestamp: number = Number.MAX_SAFE_INTEGER - 1

export function given(record: Partial<GivenRecord> = {}): GivenRecord {
  return { key: null, value: null, timestamp: 0, headers: [], ...record }
}

/** The bytes that a key or value must come back as. */
export function bytesOf(bytes: Bytes): Uint8Array | null {
  return bytes === null ? null : Buffer.from(typeof bytes === 'string' ? bytes.toWellFormed() : bytes)
}

/** One batch with all the records. */
export function batchOf(records: readonly GivenRecord[], producer?: ProducerStamp): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 16 << 20 })
  for (const { key, value, timestamp, headers } of records) builder.append(key, value, timestamp, headers)
  return builder.build(producer)
}

const anyTimestamp: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }),
  fc.integer({ min: -1, max: lastTimestamp }),
)

/** All of UTF-16, lone surrogates too; lengths around those where a length takes one byte more. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 70 }).map((units) => String.fromCharCode(...units)),
  fc
    .tuple(
      fc.constantFrom('a', 'é', '€', '😀', '\ud800'),
      fc.constantFrom(15, 16, 17, 31, 32, 33, 63, 64, 65, 4095, 4096, 8191, 8192),
    )
    .map(([character, count]) => character.repeat(count)),
)

const anyBytes: fc.Arbitrary<Bytes> = fc.oneof(
  fc.constant(null),
  anyText,
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
)

/** Names repeat: a header may stand twice. */
const anyHeader: fc.Arbitrary<Header> = fc.tuple<[string, Uint8Array | null]>(
  fc.oneof(fc.constantFrom('trace', 'Trace', ''), anyText),
  fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null }),
)

export const anyRecord: fc.Arbitrary<GivenRecord> = fc.record({
  key: anyBytes,
  value: anyBytes,
  timestamp: anyTimestamp,
  headers: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(anyHeader, { maxLength: 6 })),
})

export const anyRecords: fc.Arbitrary<GivenRecord[]> = fc.array(anyRecord, { minLength: 1, maxLength: 20 })

export const anyProducer: fc.Arbitrary<ProducerStamp> = fc.record({
  producerId: fc.maxSafeNat(),
  producerEpoch: fc.integer({ min: 0, max: 0x7fff }),
  baseSequence: fc.integer({ min: 0, max: 0x7fffffff }),
  transactional: fc.boolean(),
})
