import { describe, expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { buildEndMarker } from '../record/control-record.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

const to = { topic: 't', partition: 0 }

interface Sent {
  readonly sequence: number
  readonly values: readonly string[]
  readonly epoch?: number
}

/** A batch as an idempotent client on a wire sends it. */
function batch({ sequence, values, epoch = 0 }: Sent): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 10_000 })
  for (const value of values) builder.append(null, value, 0)
  return builder.build({ producerId: 77, producerEpoch: epoch, baseSequence: sequence, transactional: false })
}

async function onBroker(work: (broker: Broker, reopen: () => Promise<Broker>) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    let { broker } = await openSimulatedLog(world)
    await broker.topics.create([{ topic: 't', partitions: 1, config: {} }])
    await work(broker, async () => {
      await broker.close()
      broker = (await openSimulatedLog(world)).broker
      return broker
    })
    await broker.close()
  })
}

describe('a batch of an idempotent producer', () => {
  test('that is sent again gets its first offset and is not written again', () =>
    onBroker(async (broker) => {
      const first = { sequence: 0, values: ['a', 'b'] }
      expect(await broker.produce(to, batch(first))).toMatchObject({ baseOffset: 0 })
      expect(await broker.produce(to, batch({ sequence: 2, values: ['c'] }))).toMatchObject({ baseOffset: 2 })
      expect(await broker.produce(to, batch(first))).toMatchObject({ baseOffset: 0 })
      expect(broker.topics.log(to).highWatermark).toBe(3)
    }))

  test('is recognised after a restart', () =>
    onBroker(async (broker, reopen) => {
      await broker.produce(to, batch({ sequence: 0, values: ['a', 'b'] }))
      const again = await reopen()
      expect(await again.produce(to, batch({ sequence: 0, values: ['a', 'b'] }))).toMatchObject({ baseOffset: 0 })
      expect(await again.produce(to, batch({ sequence: 2, values: ['c'] }))).toMatchObject({ baseOffset: 2 })
    }))

  test('that repeats a sequence with other content is refused', () =>
    onBroker(async (broker) => {
      await broker.produce(to, batch({ sequence: 0, values: ['a'] }))
      await expect(broker.produce(to, batch({ sequence: 0, values: ['z'] }))).rejects.toMatchObject({ code: 'DUPLICATE_DIFFERS' })
    }))

  test('behind a gap is refused, and so is one of an older epoch', () =>
    onBroker(async (broker) => {
      await broker.produce(to, batch({ sequence: 0, values: ['a'], epoch: 3 }))
      await expect(broker.produce(to, batch({ sequence: 2, values: ['c'], epoch: 3 }))).rejects.toMatchObject({
        code: 'OUT_OF_ORDER_SEQUENCE',
      })
      await expect(broker.produce(to, batch({ sequence: 1, values: ['b'], epoch: 2 }))).rejects.toMatchObject({
        code: 'PRODUCER_FENCED',
      })
      await expect(broker.produce(to, batch({ sequence: 1, values: ['b'], epoch: 4 }))).rejects.toMatchObject({
        code: 'OUT_OF_ORDER_SEQUENCE',
      })
      expect(await broker.produce(to, batch({ sequence: 0, values: ['b'], epoch: 4 }))).toMatchObject({ baseOffset: 1 })
    }))
})

describe('a batch from outside', () => {
  const bent = (at: number): Uint8Array => {
    const bytes = batch({ sequence: 0, values: ['a'] })
    bytes[at]! ^= 1
    return bytes
  }

  test.each([
    ['a wrong checksum', bent(63), 'CORRUPT_BATCH'],
    ['another magic', bent(16), 'CORRUPT_BATCH'],
    ['half of it', batch({ sequence: 0, values: ['a'] }).subarray(0, 65), 'CORRUPT_BATCH'],
    [
      'a control batch',
      buildEndMarker({ kind: 'commit', producerId: 1, producerEpoch: 0, coordinatorEpoch: 0, timestamp: 0 }),
      'CORRUPT_BATCH',
    ],
    [
      'two batches',
      Buffer.concat([batch({ sequence: 0, values: ['a'] }), batch({ sequence: 1, values: ['b'] })]),
      'CORRUPT_BATCH',
    ],
  ])('with %s is refused, and nothing is written', (_name, bytes, code) =>
    onBroker(async (broker) => {
      await expect(broker.produce(to, bytes)).rejects.toMatchObject({ code })
      expect(broker.topics.log(to).endOffset).toBe(0)
    }),
  )

  test('that is larger than the topic takes is refused', () =>
    onBroker(async (broker) => {
      await broker.topics.alterConfig('t', { 'max.message.bytes': '100' })
      await expect(broker.produce(to, batch({ sequence: 0, values: ['x'.repeat(60)] }))).rejects.toMatchObject({
        code: 'RECORD_TOO_LARGE',
      })
    }))
})
