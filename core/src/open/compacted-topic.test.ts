import { describe, expect, test } from 'vitest'
import type { Broker } from '../broker/broker.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'

const to = { topic: 't', partition: 0 }
const config = {
  'cleanup.policy': 'compact',
  'segment.bytes': '400',
  'index.interval.bytes': '0',
  'min.cleanable.dirty.ratio': '0',
}

interface Bench {
  readonly world: SimWorld
  log: EmbeddedLog
  broker: Broker
}

async function withTopic(more: Record<string, string>, work: (bench: Bench) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const bench: Bench = { world, ...(await openSimulatedLog(world)) }
    await bench.log.admin.createTopics([{ topic: 't', partitions: 1, config: { ...config, ...more } }])
    await work(bench)
    await bench.log.close()
  })
}

async function reopen(bench: Bench): Promise<void> {
  await bench.log.close()
  Object.assign(bench, await openSimulatedLog(bench.world))
}

/** One batch a record; a null value is a tombstone. */
async function put({ log, world }: Bench, rows: readonly (readonly [key: string, value: string | null])[]): Promise<void> {
  await using producer = await log.producer()
  for (const [key, value] of rows) {
    const batch = producer.batch('t', 0)
    batch.append(key, value, world.clock.now())
    await producer.send(batch)
  }
}

async function records(bench: Bench): Promise<string[]> {
  await using consumer = await bench.log.consumer({ reset: 'earliest' })
  await consumer.assign([to])
  const found: string[] = []
  while (consumer.position(to) < bench.broker.topics.log(to).lastStableOffset) {
    for (const batch of await consumer.poll()) {
      for (const { offset, key, value } of batch.toArray())
        found.push(`${offset} ${Buffer.from(key!).toString()}=${value === null ? 'null' : Buffer.from(value).toString()}`)
    }
  }
  return found
}

const twenty = Array.from({ length: 20 }, (_, index): [string, string] => [`key ${index % 2}`, `value ${index}`])

describe('a compacted topic', () => {
  test('keeps the latest record of each key at its offset, after a restart too, and goes on', () =>
    withTopic({}, async (bench) => {
      await put(bench, twenty)
      await bench.broker.directory.checkpoint()
      await bench.broker.maintenance.run()
      // What is still in memory is read from there, superseded records as well.
      expect((await records(bench)).length).toBeLessThan(10)
      expect((await records(bench)).slice(-2)).toEqual(['18 key 0=value 18', '19 key 1=value 19'])
      await reopen(bench)
      expect((await records(bench)).length).toBeLessThan(8)
      expect((await records(bench)).slice(-2)).toEqual(['18 key 0=value 18', '19 key 1=value 19'])
      await put(bench, twenty)
      await bench.broker.directory.checkpoint()
      await bench.broker.maintenance.run()
      await reopen(bench)
      expect((await records(bench)).slice(-2)).toEqual(['38 key 0=value 18', '39 key 1=value 19'])
      expect((await records(bench)).length).toBeLessThan(10)
    }))

  test('keeps a tombstone as long as delete.retention.ms, then forgets it', () =>
    withTopic({ 'delete.retention.ms': '1000' }, async (bench) => {
      await put(bench, [['gone', 'value'], ['gone', null], ...twenty])
      const compact = async (): Promise<void> => {
        await put(bench, twenty)
        await bench.broker.directory.checkpoint()
        await bench.broker.maintenance.run()
      }
      await compact()
      expect(await records(bench)).toContain('1 gone=null')
      bench.world.clock.jump(999)
      await compact()
      expect(await records(bench)).toContain('1 gone=null')
      bench.world.clock.jump(2)
      await compact()
      expect((await records(bench)).join()).not.toContain('gone')
    }))

  test('is left alone while too little of it is dirty, and after min.compaction.lag.ms', () =>
    withTopic({ 'min.cleanable.dirty.ratio': '0.5', 'min.compaction.lag.ms': '1000' }, async (bench) => {
      await put(bench, twenty)
      await bench.broker.directory.checkpoint()
      await bench.broker.maintenance.run()
      expect(await records(bench)).toHaveLength(20)
      bench.world.clock.jump(1001)
      await bench.broker.maintenance.run()
      expect((await records(bench)).length).toBeLessThan(10)
    }))

  test('whose policy is changed while it runs is compacted from then on', () =>
    withTopic({ 'cleanup.policy': 'delete' }, async (bench) => {
      await put(bench, twenty)
      await bench.broker.directory.checkpoint()
      await bench.broker.maintenance.run()
      expect(await records(bench)).toHaveLength(20)
      await bench.log.admin.alterTopicConfig('t', { 'cleanup.policy': 'compact' })
      await bench.broker.maintenance.run()
      expect((await records(bench)).length).toBeLessThan(10)
    }))

  test('may be deleted by time as well', () =>
    withTopic({ 'cleanup.policy': 'compact,delete', 'retention.ms': '1000' }, async (bench) => {
      await put(bench, twenty)
      await bench.broker.directory.checkpoint()
      await bench.broker.maintenance.run()
      bench.world.clock.jump(1001)
      await bench.broker.maintenance.run()
      expect(await records(bench)).toEqual([])
    }))

  test('does not stop others when its segments are damaged, and says where', () =>
    withTopic({}, async (bench) => {
      await put(bench, twenty)
      await bench.broker.directory.checkpoint()
      const { disk } = bench.world
      const path = `/log/t-0/${'0'.repeat(20)}.log`
      const file = disk.open(path)
      await file.write([Uint8Array.of(255)], 100)
      file.close()
      await expect(bench.broker.maintenance.run()).rejects.toMatchObject({
        code: 'SEGMENT_DAMAGED',
        message: expect.stringContaining('t-0'),
      })
      await bench.broker.maintenance.run() // it is left out from then on
    }))
})

describe("the log's own topics", () => {
  test('are compacted: many commits and transactions leave little, and everything stands again after a restart', () =>
    withTopic({ 'cleanup.policy': 'delete' }, async (bench) => {
      await bench.log.close()
      Object.assign(bench, await openSimulatedLog(bench.world))
      const producer = await bench.log.producer({ transactionalId: 'app' })
      for (let round = 0; round < 60; round++) {
        const batch = producer.batch('t', 0)
        batch.append('k', `${round}`, bench.world.clock.now())
        await producer.transact({
          batches: [batch],
          offsets: { group: 'g', positions: [{ ...to, offset: round, metadata: 'm' }] },
        })
      }
      const sizes = (): number =>
        ['__consumer_offsets-0', '__transaction_state-0']
          .flatMap((name) => bench.world.disk.list(`/log/${name}`).map((file) => `/log/${name}/${file}`))
          .filter((path) => path.endsWith('.log'))
          .reduce((sum, path) => sum + bench.world.disk.stat(path)!.sizeBytes, 0)
      await bench.broker.directory.checkpoint()
      const before = sizes()
      await bench.broker.maintenance.run()
      bench.world.clock.jump(90_000_000) // the delete horizon of markers
      await bench.broker.maintenance.run()
      expect(sizes()).toBeLessThan(before / 2)
      await bench.log.close()
      Object.assign(bench, await openSimulatedLog(bench.world))
      expect(await bench.log.admin.groupOffsets('g')).toMatchObject([{ offset: 59, metadata: 'm' }])
      const again = await bench.log.producer({ transactionalId: 'app' })
      const batch = again.batch('t', 0)
      batch.append('k', 'after', bench.world.clock.now())
      expect((await again.transact({ batches: [batch] })).appended).toMatchObject([{ count: 1 }])
    }))
})
