import { expect, test } from 'vitest'
import type { MetricsReader } from '../base/metrics.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog, tinyGeometry } from './simulated-log.ts'

/** The first series of a name: a number, or what a distribution says of itself. */
function read(metrics: MetricsReader, name: string): unknown {
  const family = metrics.snapshot().families.find((one) => one.name === name)
  return family?.values.series[0]?.value
}

function number(metrics: MetricsReader, name: string): number {
  return read(metrics, name) as number
}

const bigJournal = { ...tinyGeometry, journal: { fileBytes: 1 << 20, blockBytes: 512 }, maxFrameBytes: 1 << 18 }

test('what is appended is counted when it is durable', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', bigJournal)
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    const { metrics } = log
    const before = ['records', 'batches', 'size'].map((name) => number(metrics, `millrace.append.${name}`))
    const producer = await log.producer()
    for (let index = 0; index < 10; index++) producer.append('t', null, 'x'.repeat(100), { partition: index % 2 })
    expect(number(metrics, 'millrace.producer.waiting.size')).toBeGreaterThan(1000)
    expect(number(metrics, 'millrace.append.records')).toBe(before[0])
    await producer.flush()
    expect(number(metrics, 'millrace.producer.waiting.size')).toBe(0)
    expect(number(metrics, 'millrace.append.records')).toBe(before[0]! + 10)
    expect(number(metrics, 'millrace.append.batches')).toBe(before[1]! + 2)
    expect(number(metrics, 'millrace.append.size')).toBeGreaterThan(before[2]! + 1000)
    expect(number(metrics, 'millrace.append.refused')).toBe(0)
    expect(number(metrics, 'millrace.journal.submissions.waiting')).toBe(0)
    expect(number(metrics, 'millrace.partitions')).toBe(3) // with the metadata
    expect(number(metrics, 'millrace.tail.size')).toBeLessThanOrEqual(number(metrics, 'millrace.append.size'))
    await log.close()
    expect(number(metrics, 'millrace.tail.unwritten.size')).toBe(0)
    expect(number(metrics, 'millrace.segment.write.size')).toBe(number(metrics, 'millrace.append.size'))
    expect(read(metrics, 'millrace.checkpoint.duration')).toMatchObject({ count: 1 })
  })
})

test('latencies are those of the clock: the write takes 3 ms and the sync 7 ms, everything else no time', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', bigJournal)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = await log.producer()
    world.disk.faults.add({ operation: 'write', path: 'millrace-journal-*', delayMs: 3, times: 'forever' })
    world.disk.faults.add({ operation: 'dataSync', path: 'millrace-journal-*', delayMs: 7, times: 'forever' })
    const send = async (): Promise<void> => {
      const batch = producer.batch('t', 0)
      batch.append(null, 'value', 0)
      await producer.send(batch)
    }
    const first = send()
    await world.clock.turn()
    await Promise.all([first, send()]) // the second one waits until the frame of the first is durable
    const max = expect.closeTo(0.01, 9)
    expect(read(log.metrics, 'millrace.journal.flush.duration')).toMatchObject({ max })
    expect(read(log.metrics, 'millrace.append.duration')).toMatchObject({ max: expect.closeTo(0.02, 9) })
    await log.close()
  })
})

test('what is submitted together is one frame, and one append', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', bigJournal)
    await log.admin.createTopics([{ topic: 't', partitions: 3 }])
    const frames = (): number => (read(log.metrics, 'millrace.journal.frame.size') as { count: number }).count
    const appends = (): number => (read(log.metrics, 'millrace.append.duration') as { count: number }).count
    const before = [frames(), appends()]
    const producer = await log.producer()
    for (let partition = 0; partition < 3; partition++) producer.append('t', null, 'x', { partition })
    await producer.flush()
    expect([frames(), appends()]).toEqual([before[0]! + 1, before[1]! + 3])
    await log.close()
  })
})

test('a journal that failed is seen, and what it refuses is counted', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log, broker } = await openSimulatedLog(world, 'sync', bigJournal)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    expect(number(log.metrics, 'millrace.log.failed')).toBe(0)
    const records = number(log.metrics, 'millrace.append.records')
    world.disk.faults.add({ operation: 'write', path: 'millrace-journal-*', error: 'EIO' })
    const producer = await log.producer()
    producer.append('t', null, 'x')
    await expect(producer.flush()).rejects.toMatchObject({ code: 'JOURNAL_FAILED' })
    expect(number(log.metrics, 'millrace.log.failed')).toBe(1)
    expect(number(log.metrics, 'millrace.append.refused')).toBe(1)
    expect(number(log.metrics, 'millrace.append.records')).toBe(records)
    expect(number(log.metrics, 'millrace.producer.waiting.size')).toBe(0)
    expect(broker.directory.failed).not.toBeNull()
    await log.close()
  })
})

test('reads, transactions and groups are counted', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world, 'sync', bigJournal)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const to = { topic: 't', partition: 0 }
    const producer = await log.producer({ transactionalId: 'a' })
    const batch = producer.batch('t', 0)
    for (let index = 0; index < 3; index++) batch.append('k', 'v', 0)
    await producer.transact({ batches: [batch], offsets: { group: 'other', positions: [{ ...to, offset: 0 }] } })
    const begun = await producer.begin()
    const late = producer.batch('t', 0)
    late.append('k', 'v', 0)
    await begun.send(late)
    await begun.abort()
    const fenced = await log.producer({ transactionalId: 'a' })
    await expect(producer.transact({ batches: [] })).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
    const consumer = await log.consumer({ group: 'g', reset: 'earliest' })
    consumer.subscribe(['t'])
    await consumer.poll({ timeoutMs: 1000 })
    await consumer.commit()

    const outcomes = log.metrics.snapshot().families.find(({ name }) => name === 'millrace.transactions')!.values.series
    expect(outcomes.map(({ labels, value }) => [labels['outcome'], value])).toEqual([
      ['committed', 1],
      ['aborted', 1],
      ['fenced', 1],
      ['failed', 0],
    ])
    expect(read(log.metrics, 'millrace.transaction.duration')).toMatchObject({ count: 1 })
    expect(number(log.metrics, 'millrace.fetch.records')).toBe(3)
    expect(number(log.metrics, 'millrace.fetch.size')).toBeGreaterThan(61)
    expect(read(log.metrics, 'millrace.fetch.duration')).toMatchObject({ count: 1 })
    expect(number(log.metrics, 'millrace.groups')).toBe(1)
    expect(number(log.metrics, 'millrace.group.members')).toBe(1)
    expect(number(log.metrics, 'millrace.group.rebalances')).toBe(1)
    expect(number(log.metrics, 'millrace.group.offset.commits')).toBe(2)
    await fenced.close()
    await log.close()
  })
})
