import { describe, expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { BatchBuilder } from '../record/batch-builder.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

const to = { topic: 't', partition: 0 }

interface Bench {
  readonly world: SimWorld
  log: EmbeddedLog
  broker: Broker
}

async function withTopic(config: Record<string, string>, work: (bench: Bench) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const bench: Bench = { world, ...(await openSimulatedLog(world)) }
    await bench.log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'segment.bytes': '300', ...config } }])
    await work(bench)
    await bench.log.close()
  })
}

/** One batch of about 180 bytes a timestamp. */
async function append({ log }: Bench, timestamps: readonly number[]): Promise<void> {
  await using producer = await log.producer()
  for (const timestamp of timestamps) {
    const batch = producer.batch('t', 0)
    batch.append('key', 'x'.repeat(100), timestamp)
    await producer.send(batch)
  }
}

async function offsets(bench: Bench): Promise<number[]> {
  await using consumer = await bench.log.consumer({ reset: 'earliest' })
  await consumer.assign([to])
  const found: number[] = []
  for (;;) {
    const batches = await consumer.poll()
    if (batches.length === 0) return found
    for (const batch of batches) found.push(...batch.toArray().map(({ offset }) => offset))
  }
}

async function reopen(bench: Bench): Promise<void> {
  await bench.log.close()
  Object.assign(bench, await openSimulatedLog(bench.world))
}

function segments({ world }: Bench): string[] {
  return world.disk.list('/log/t-0').filter((name) => name.endsWith('.log'))
}

describe('retention', () => {
  test('by time removes whole segments whose newest record is too old', () =>
    withTopic({ 'retention.ms': '1000' }, async (bench) => {
      const now = bench.world.clock.now()
      await append(bench, [now - 5000, now - 3000, now - 900, now - 2000, now])
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([2, 3, 4])
      expect(segments(bench)).toHaveLength(3)
      await reopen(bench)
      expect(await offsets(bench)).toEqual([2, 3, 4])
    }))

  test('removes everything that is too old, what grows as well, and goes on behind it', () =>
    withTopic({ 'retention.ms': '1000' }, async (bench) => {
      const now = bench.world.clock.now()
      await append(bench, [now - 5000, now - 3000, now - 2000])
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([])
      await reopen(bench)
      await append(bench, [now])
      expect(await offsets(bench)).toEqual([3])
      expect(segments(bench)).toEqual(['00000000000000000003.log'])
    }))

  test('by size keeps at least the size', () =>
    withTopic({ 'retention.bytes': '400', 'retention.ms': '-1' }, async (bench) => {
      await append(bench, [1, 2, 3, 4, 5])
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([2, 3, 4])
    }))

  test('leaves records alone that have no time, and topics without limits', () =>
    withTopic({ 'retention.ms': '1' }, async (bench) => {
      await append(bench, [-1, -1, -1])
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([0, 1, 2])
      await bench.log.admin.alterTopicConfig('t', { 'retention.ms': '-1' })
      await append(bench, [0])
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([0, 1, 2, 3])
    }))

  test('follows a setting that is changed while it runs, and does nothing to a topic that is only compacted', () =>
    withTopic({ 'retention.ms': '1', 'cleanup.policy': 'compact' }, async (bench) => {
      await append(bench, [0, 0, 0])
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([0, 1, 2])
      await bench.log.admin.alterTopicConfig('t', { 'cleanup.policy': 'compact,delete' })
      await bench.broker.maintenance.run()
      expect(await offsets(bench)).toEqual([])
    }))

  test('does not pass an open transaction', () =>
    withTopic({ 'retention.ms': '1' }, async (bench) => {
      await append(bench, [0, 0])
      const builder = new BatchBuilder()
      builder.append(null, 'x'.repeat(150), 0)
      const batch = builder.build({ producerId: 7, producerEpoch: 0, baseSequence: 0, transactional: true })
      await bench.broker.directory.append([{ log: bench.broker.topics.log(to), batch }]).durable
      await append(bench, [0])
      await bench.broker.maintenance.run()
      expect(bench.broker.topics.log(to).startOffset).toBe(2)
    }))
})

describe('deleteRecords', () => {
  test('moves the start up, for readers, after a restart too', () =>
    withTopic({}, async (bench) => {
      await append(bench, [1, 2, 3, 4, 5])
      expect(await bench.log.admin.deleteRecords([{ ...to, before: 3 }])).toEqual([3])
      expect(await offsets(bench)).toEqual([3, 4])
      expect(await bench.log.admin.listOffsets([{ ...to, at: 'earliest' }])).toEqual([3])
      await reopen(bench)
      expect(await offsets(bench)).toEqual([3, 4])
      expect(await bench.log.admin.deleteRecords([{ ...to, before: 1 }])).toEqual([3])
      expect(await bench.log.admin.deleteRecords([{ ...to, before: 'stable' }])).toEqual([5])
      expect(await offsets(bench)).toEqual([])
    }))

  test('a reader below the start is told so', () =>
    withTopic({}, async (bench) => {
      await append(bench, [1, 2, 3])
      await using consumer = await bench.log.consumer()
      await consumer.assign([{ ...to, offset: 0 }])
      await bench.log.admin.deleteRecords([{ ...to, before: 2 }])
      await expect(consumer.poll()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    }))

  test('is refused beyond the end, for what is compacted, for the log itself, and changes nothing then', () =>
    withTopic({}, async (bench) => {
      await append(bench, [1])
      const { admin } = bench.log
      for (const before of [2, -2, 0.5, Number.NaN]) {
        await expect(admin.deleteRecords([{ ...to, before }])).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
      }
      await admin.createTopics([{ topic: 'c', partitions: 1, config: { 'cleanup.policy': 'compact' } }])
      const targets = [
        { ...to, before: 1 },
        { topic: 'c', partition: 0, before: 0 },
      ]
      await expect(admin.deleteRecords(targets)).rejects.toMatchObject({ code: 'POLICY_VIOLATION' })
      await expect(admin.deleteRecords([{ topic: '__consumer_offsets', partition: 0, before: 0 }])).rejects.toMatchObject({
        code: 'INVALID_TOPIC_NAME',
      })
      await expect(admin.deleteRecords([{ topic: 't', partition: 9, before: 0 }])).rejects.toMatchObject({
        code: 'UNKNOWN_PARTITION',
      })
      expect(await offsets(bench)).toEqual([0])
    }))
})

describe('a topic that gets more partitions', () => {
  test('has them after a restart too, and never fewer', () =>
    withTopic({}, async (bench) => {
      await bench.log.admin.addPartitions('t', 3)
      await reopen(bench)
      await using producer = await bench.log.producer()
      const batch = producer.batch('t', 2)
      batch.append('k', 'v', 0)
      expect(await producer.send(batch)).toMatchObject({ partition: 2, baseOffset: 0 })
      for (const count of [3, 2, 0, 100_001, 4.5]) {
        await expect(bench.log.admin.addPartitions('t', count)).rejects.toMatchObject({ code: 'INVALID_PARTITIONS' })
      }
      await expect(bench.log.admin.addPartitions('none', 3)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    }))
})

describe('the settings of a topic', () => {
  test('are told with what holds, what was set, and what each does', () =>
    withTopic({ 'retention.ms': '7' }, async ({ log }) => {
      const settings = await log.admin.describeTopicConfig('t')
      expect(settings.find(({ name }) => name === 'retention.ms')).toMatchObject({ value: '7', isDefault: false })
      expect(settings.find(({ name }) => name === 'max.message.bytes')).toMatchObject({ value: '1048588', isDefault: true })
      expect(settings.every(({ about }) => about.length > 10)).toBe(true)
      await expect(log.admin.describeTopicConfig('none')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    }))
})

describe('a producer that was idle for long', () => {
  test('is forgotten, and may go on with its sequence', () =>
    withTopic({}, async (bench) => {
      const send = async (baseSequence: number): Promise<number> => {
        const builder = new BatchBuilder()
        builder.append(null, 'v', 0)
        const batch = builder.build({ producerId: 7, producerEpoch: 0, baseSequence, transactional: false })
        return (await bench.broker.produce(to, batch)).baseOffset
      }
      await expect(send(5)).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
      await send(0)
      await bench.broker.maintenance.run()
      bench.world.clock.jump(86_399_999)
      await bench.broker.maintenance.run()
      await expect(send(5)).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
      expect(await send(1)).toBe(1)
      await bench.broker.maintenance.run()
      bench.world.clock.jump(86_400_000)
      await bench.broker.maintenance.run()
      await reopen(bench)
      expect(await send(5)).toBe(2)
      await expect(send(7)).rejects.toMatchObject({ code: 'OUT_OF_ORDER_SEQUENCE' })
    }))
})
