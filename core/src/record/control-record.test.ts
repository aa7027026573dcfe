import { expect, test } from 'vitest'
import { ATTRIBUTES_AT, BATCH_OVERHEAD_BYTES } from './batch-header.ts'
import { checkBatch } from './batch-validation.ts'
import { buildEndMarker, readControlKind, readCoordinatorEpoch, type ControlKind } from './control-record.ts'
import { batchOf, given } from './records.fixtures.ts'

function marker(kind: ControlKind): Uint8Array {
  return buildEndMarker({ kind, producerId: 4000, producerEpoch: 5, coordinatorEpoch: 70_000, timestamp: 123 })
}

test.each([
  ['abort', '0000 0000'],
  ['commit', '0000 0001'],
] as const)('a marker of %s is a batch of 78 bytes with one record', (kind, key) => {
  const batch = marker(kind)
  expect(batch.length).toBe(78)
  const record = `20 00 00 00 08 ${key} 0c 0000 00011170 00`.replaceAll(' ', '')
  expect(Buffer.from(batch.subarray(BATCH_OVERHEAD_BYTES)).toString('hex')).toBe(record)
  expect(checkBatch(batch, 0, 1000)).toMatchObject({
    control: true,
    transactional: true,
    producerId: 4000,
    producerEpoch: 5,
    baseSequence: -1,
    baseTimestamp: 123,
    maxTimestamp: 123,
    count: 1,
    lastOffsetDelta: 0,
  })
  expect(readControlKind(batch)).toBe(kind)
  expect(readCoordinatorEpoch(batch)).toBe(70_000)
})

test('batches of data and other control records end no transaction', () => {
  expect(readControlKind(batchOf([given({ key: Uint8Array.of(0, 0, 0, 1) })]))).toBeNull()
  const leaderChange = marker('commit')
  leaderChange[BATCH_OVERHEAD_BYTES + 8] = 2
  expect(readControlKind(leaderChange)).toBeNull()
})

test('a control record with a key that is too short is corrupt', () => {
  const batch = batchOf([given({ key: 'abc' })])
  batch[ATTRIBUTES_AT + 1] = 0b11_0000
  expect(() => readControlKind(batch)).toThrow(
    'CORRUPT_BATCH: the key of a control record is too short: expected 4 bytes, received 3 bytes',
  )
  expect(() => readCoordinatorEpoch(batch)).toThrow(/the value of a control record is too short.*received null/)
})
