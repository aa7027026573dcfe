import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BatchBuilder } from './batch-builder.ts'
import { stampBatch, type BatchHeader } from './batch-header.ts'
import { toRecords } from './batch-reader.ts'
import { forEachBatch } from './batch-validation.ts'
import { buildEndMarker, readControlKind, readCoordinatorEpoch } from './control-record.ts'
import { given, type GivenRecord } from './records.fixtures.ts'

/** What an Apache Kafka wrote; how it was made stands beside it. */
const segment = readFileSync(new URL('testdata/golden-segment.log', import.meta.url))

interface Golden {
  readonly header: BatchHeader
  readonly bytes: Uint8Array
}

const batches: Golden[] = []
forEachBatch(segment, (header, at) => batches.push({ header, bytes: segment.subarray(at, at + header.sizeBytes) }))

const start = 1_700_000_000_000
const accents = 'héllo € 😀'
const headers = [
  ['trace', Buffer.from('abc')],
  ['trace', null],
  ['ü', Buffer.of()],
] as const

/** As in testdata/GoldenSegment.java. */
const plain = [
  given({ timestamp: start, key: 'key', value: 'value' }),
  given({ timestamp: start - 5, value: accents, headers }),
  given({ timestamp: start + 86_400_000, key: 'deleted' }),
  given({ timestamp: start + 1, key: '', value: '' }),
  given({ timestamp: start + 3_000_000_000, key: 'k'.repeat(63), value: 'v'.repeat(10_000) }),
  given({ timestamp: start + 2, key: 'k'.repeat(64), value: 'é'.repeat(40) }),
]
const committed = Array.from({ length: 100 }, (_, i) =>
  given({ timestamp: start + i * 1000, key: `key-${i}`, value: `value-${i}` }),
)
const aborted = [given({ timestamp: start, key: 'aborted', value: 'aborted' })]

test("Kafka's batches pass the check, with the headers that were expected", () => {
  const seen = batches.map(({ header }) => [
    header.baseOffset,
    header.count,
    header.transactional,
    header.control,
    header.baseSequence,
  ])
  expect(seen).toEqual([
    [0, 6, false, false, -1],
    [6, 100, true, false, 0],
    [106, 1, true, true, -1],
    [107, 1, true, false, 0],
    [108, 1, true, true, -1],
  ])
})

test.each([
  ['plain', 0, plain],
  ['committed', 1, committed],
  ['aborted', 3, aborted],
])("Kafka's %s records are read as they were given", (_name, index, records) => {
  const { header, bytes } = batches[index]!
  const expected = records.map(({ key, value, timestamp, headers: named }, i) => ({
    offset: header.baseOffset + i,
    timestamp,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: named,
  }))
  expect(toRecords(bytes)).toEqual(expected)
})

test.each([
  ['plain', 0, plain],
  ['committed', 1, committed],
  ['aborted', 3, aborted],
])('the %s records are built to the bytes that Kafka wrote', (_name, index, records) => {
  const { header, bytes } = batches[index]!
  const built = build(records, header)
  stampBatch(built, 0, header.baseOffset, header.leaderEpoch)
  expect(Buffer.from(built).equals(bytes)).toBe(true)
})

function build(records: readonly GivenRecord[], header: BatchHeader): Uint8Array {
  const builder = new BatchBuilder()
  for (const { key, value, timestamp, headers: named } of records) builder.append(key, value, timestamp, named)
  return builder.build(header)
}

test.each([
  ['commit', 2],
  ['abort', 4],
] as const)("Kafka's marker of %s is read, and built to its bytes", (kind, index) => {
  const { header, bytes } = batches[index]!
  expect(readControlKind(bytes)).toBe(kind)
  const { producerId, producerEpoch, maxTimestamp: timestamp } = header
  const built = buildEndMarker({ kind, producerId, producerEpoch, coordinatorEpoch: readCoordinatorEpoch(bytes), timestamp })
  stampBatch(built, 0, header.baseOffset, header.leaderEpoch)
  expect(Buffer.from(built).equals(bytes)).toBe(true)
})
