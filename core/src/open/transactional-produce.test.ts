import { describe, expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

const to = { topic: 't', partition: 0 }
const other = { topic: 't', partition: 1 }
const id = 'tx'
const code = (expected: string): unknown => expect.objectContaining({ code: expected })

interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

/** A batch as a client on a wire sends it. */
function batch(by: Identity, sequence: number, values: readonly string[], transactional = true): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 10_000 })
  for (const value of values) builder.append(null, value, 0)
  return builder.build({ ...by, baseSequence: sequence, transactional })
}

async function onBroker(work: (broker: Broker) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { broker } = await openSimulatedLog(world)
    await broker.topics.create([{ topic: 't', partitions: 2, config: {} }])
    await work(broker)
    await broker.close()
  })
}

function openRecords(broker: Broker): number {
  const { highWatermark, lastStableOffset } = broker.topics.log(to)
  return highWatermark - lastStableOffset
}

describe('a batch of a transaction of version 2', () => {
  test('adds its partition, and is written once however often it is sent', () =>
    onBroker(async (broker) => {
      const by = await broker.transactions.open(id)
      const send = async (): Promise<number> =>
        (await broker.produceTransactional({ id, to, batch: batch(by, 0, ['a', 'b']) })).baseOffset
      expect(await Promise.all([send(), send()])).toEqual([0, 0])
      expect(await send()).toBe(0)
      expect(await broker.produceTransactional({ id, to, batch: batch(by, 2, ['c']) })).toMatchObject({ baseOffset: 2 })
      expect((await broker.transactions.inspection.describe(id)).partitions).toEqual([to])
      const next = await broker.transactions.end({ id, by, kind: 'commit' })
      expect(next).toEqual({ ...by, producerEpoch: by.producerEpoch + 1 })
      expect(openRecords(broker)).toBe(0)
      expect(broker.topics.log(to).highWatermark).toBe(4)
    }))

  test('is refused when it comes late, and holds nothing', () =>
    onBroker(async (broker) => {
      const by = await broker.transactions.open(id)
      await broker.produceTransactional({ id, to, batch: batch(by, 0, ['a']) })
      const next = await broker.transactions.end({ id, by, kind: 'abort' })
      const late = { id, to, batch: batch(by, 1, ['late']) }
      await expect(broker.produceTransactional(late)).rejects.toThrow(code('TRANSACTION_ABORTED'))
      await broker.produceTransactional({ id, to: other, batch: batch(next, 0, ['b']) })
      await expect(broker.produceTransactional(late)).rejects.toThrow(code('PRODUCER_FENCED'))
      await expect(broker.transactions.end({ id, by, kind: 'abort' })).rejects.toThrow(code('PRODUCER_FENCED'))
      expect(openRecords(broker)).toBe(0)
    }))

  test('is refused with a gap in its sequence, from an unknown producer, and without its transactional mark', () =>
    onBroker(async (broker) => {
      const by = await broker.transactions.open(id)
      const send = (bytes: Uint8Array, as = id): Promise<unknown> => broker.produceTransactional({ id: as, to, batch: bytes })
      await expect(send(batch(by, 3, ['gap']))).rejects.toThrow(code('OUT_OF_ORDER_SEQUENCE'))
      await expect(send(batch(by, 0, ['x']), 'nobody')).rejects.toThrow(code('INVALID_PRODUCER_ID_MAPPING'))
      await expect(send(batch({ ...by, producerId: 99 }, 0, ['x']))).rejects.toThrow(code('INVALID_PRODUCER_ID_MAPPING'))
      await expect(send(batch({ ...by, producerEpoch: 1 }, 0, ['x']))).rejects.toThrow(code('PRODUCER_FENCED'))
      await expect(send(batch(by, 0, ['x'], false))).rejects.toThrow(code('CORRUPT_BATCH'))
      const marker = buildEndMarker({ kind: 'commit', ...by, coordinatorEpoch: 0, timestamp: 0 })
      await expect(send(marker)).rejects.toThrow(code('CORRUPT_BATCH'))
      await expect(
        broker.produceTransactional({ id, to: { topic: '__transaction_state', partition: 0 }, batch: batch(by, 0, ['x']) }),
      ).rejects.toThrow(code('INVALID_TOPIC_NAME'))
      expect(await broker.transactions.inspection.describe(id)).toMatchObject({ state: 'Empty', partitions: [] })
      expect(broker.topics.log(to).highWatermark).toBe(0)
    }))

  test('keeps its producer from writing outside of it', () =>
    onBroker(async (broker) => {
      const by = await broker.transactions.open(id)
      await broker.produceTransactional({ id, to, batch: batch(by, 0, ['a']) })
      await expect(broker.produce(to, batch(by, 1, ['b'], false))).rejects.toThrow(code('INVALID_TXN_STATE'))
      await expect(broker.produce(to, batch(by, 1, ['b']))).rejects.toThrow(code('CORRUPT_BATCH'))
    }))
})

describe('a batch of a transaction of version 1', () => {
  test('needs its partition to be added; epoch and sequences go on from one transaction to the next', () =>
    onBroker(async (broker) => {
      const { transactions } = broker
      const by = await transactions.initProducerId({ id, version: 1 })
      const send = async (sequence: number, value: string): Promise<number> =>
        (await broker.produceTransactional({ id, version: 1, to, batch: batch(by, sequence, [value]) })).baseOffset
      await expect(send(0, 'a')).rejects.toThrow(code('INVALID_TXN_STATE'))
      await transactions.addPartitions(id, by, [other], 1)
      await expect(send(0, 'a')).rejects.toThrow(code('INVALID_TXN_STATE'))
      await transactions.addPartitions(id, by, [to], 1)
      expect(await send(0, 'a')).toBe(0)
      expect(await transactions.end({ id, by, kind: 'commit', version: 1 })).toEqual(by)
      expect(await transactions.end({ id, by, kind: 'commit', version: 1 })).toEqual(by)
      await expect(send(1, 'late')).rejects.toThrow(code('INVALID_TXN_STATE'))
      expect(openRecords(broker)).toBe(0)
      await transactions.addPartitions(id, by, [to], 1)
      expect(await send(1, 'b')).toBe(2)
      await expect(send(0, 'reused')).rejects.toThrow(code('DUPLICATE_DIFFERS'))
      expect(await transactions.end({ id, by, kind: 'abort', version: 1 })).toEqual(by)
      expect(await broker.topics.log(to).abortedTransactions(0, 10)).toHaveLength(1)
    }))

  test('commits positions of a group only after the group was added', () =>
    onBroker(async (broker) => {
      const { transactions, groups } = broker
      const by = await transactions.initProducerId({ id, version: 1 })
      const offsets = { group: 'g', positions: [{ ...to, offset: 5, metadata: '' }] }
      await expect(transactions.commitOffsets(id, by, offsets, 1)).rejects.toThrow(code('INVALID_TXN_STATE'))
      await transactions.addOffsets(id, by, 'g', 1)
      await transactions.commitOffsets(id, by, offsets, 1)
      expect(await groups.positions('g')).toEqual([])
      await transactions.end({ id, by, kind: 'commit', version: 1 })
      expect(await groups.positions('g')).toMatchObject([{ offset: 5 }])
    }))
})

describe('an identity', () => {
  test('is given again to the producer that lost the answer, with its open transaction aborted', () =>
    onBroker(async (broker) => {
      const by = await broker.transactions.open(id)
      await broker.produceTransactional({ id, to, batch: batch(by, 0, ['a']) })
      const next = await broker.transactions.initProducerId({ id, by })
      expect(openRecords(broker)).toBe(0)
      expect(await broker.transactions.initProducerId({ id, by })).toEqual(next)
      const heir = await broker.transactions.open(id)
      expect(heir.producerEpoch + heir.producerId * 10).toBeGreaterThan(next.producerEpoch + next.producerId * 10)
      await expect(broker.transactions.initProducerId({ id, by: next })).rejects.toThrow(code('PRODUCER_FENCED'))
    }))

  test('that two ask for at once is given twice, one after the other', () =>
    onBroker(async (broker) => {
      const all = await Promise.all([1, 2, 3, 4, 5].map(() => broker.transactions.open(id)))
      expect(new Set(all.map(({ producerId, producerEpoch }) => `${producerId}/${producerEpoch}`)).size).toBe(5)
    }))

  test('needs an id of a size that a record can hold', () =>
    onBroker(async (broker) => {
      await expect(broker.transactions.open('x'.repeat(8193))).rejects.toThrow(code('INVALID_OPTION'))
    }))
})
