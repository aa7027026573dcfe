import type { Consumer, Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import type { LogClient } from '@millrace/core'
import { withKafkajs } from './with-kafkajs.ts'

async function produce(log: LogClient, partition: number, ...values: readonly string[]): Promise<void> {
  await using producer = await log.producer()
  const batch = producer.batch('t', partition)
  for (const value of values) batch.append(null, value, 0)
  await producer.send(batch)
}

interface Reader {
  readonly consumer: Consumer
  readonly values: string[]
  /** Of `t`, as it was assigned last. */
  readonly partitions: number[]
}

/** A consumer of the group `g` that reads `t` from its beginning, and commits. */
async function reader(kafka: Kafka, options: { readonly readUncommitted?: boolean } = {}): Promise<Reader> {
  const consumer = kafka.consumer({ groupId: 'g', heartbeatInterval: 50, maxWaitTimeInMs: 50, ...options })
  const values: string[] = []
  const partitions: number[] = []
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    partitions.splice(0, partitions.length, ...(payload.memberAssignment['t'] ?? []))
  })
  await consumer.connect()
  await consumer.subscribe({ topic: 't', fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message }) => {
      values.push(message.value!.toString())
      return Promise.resolve()
    },
  })
  return { consumer, values, partitions }
}

const byNumber = (a: number, b: number): number => a - b

const patience = { timeout: 20_000 }

test('a group of two shares the partitions; when one leaves, the other reads on where it was', { timeout: 60_000 }, () =>
  withKafkajs(async (kafka, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 2 }])
    await produce(log, 0, 'a0', 'b0')
    await produce(log, 1, 'a1')
    const first = await reader(kafka)
    await expect.poll(() => first.values.toSorted(), patience).toEqual(['a0', 'a1', 'b0'])
    const second = await reader(kafka)
    await expect.poll(() => [...first.partitions, ...second.partitions].toSorted(byNumber), patience).toEqual([0, 1])
    expect(second.partitions).toHaveLength(1)
    await produce(log, 0, 'c0')
    await produce(log, 1, 'b1')
    await expect.poll(() => [...first.values, ...second.values].toSorted(), patience).toEqual(['a0', 'a1', 'b0', 'b1', 'c0'])

    await first.consumer.disconnect()
    await expect.poll(() => second.partitions.toSorted(byNumber), patience).toEqual([0, 1])
    await produce(log, 0, 'd0')
    await produce(log, 1, 'c1')
    await expect.poll(() => second.values.toSorted().slice(-2), patience).toEqual(['c1', 'd0'])
    await second.consumer.disconnect()

    await produce(log, 0, 'e0')
    const third = await reader(kafka)
    await expect.poll(() => third.values, patience).toEqual(['e0'])
    await third.consumer.disconnect()
    expect((await log.admin.groupOffsets('g')).toSorted((a, b) => a.partition - b.partition)).toMatchObject([
      { topic: 't', partition: 0, offset: 5 },
      { topic: 't', partition: 1, offset: 3 },
    ])
  }),
)

test('reads what is committed, and nothing of a transaction that was aborted', { timeout: 60_000 }, () =>
  withKafkajs(async (kafka, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await using producer = await log.producer({ transactionalId: 'x' })
    for (const [value, commits] of [
      ['aborted', false],
      ['committed', true],
    ] as const) {
      const transaction = await producer.begin()
      const batch = producer.batch('t', 0)
      batch.append(null, value, 0)
      await transaction.send(batch)
      await (commits ? transaction.commit() : transaction.abort())
    }
    const { consumer, values } = await reader(kafka)
    await produce(log, 0, 'last')
    await expect.poll(() => values, patience).toEqual(['committed', 'last'])
    await consumer.disconnect()
  }),
)

test('the administration of groups', { timeout: 60_000 }, () =>
  withKafkajs(async (kafka, log) => {
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    await produce(log, 0, 'a', 'b', 'c')
    const { consumer, values } = await reader(kafka)
    await expect.poll(() => values, patience).toEqual(['a', 'b', 'c'])
    const admin = kafka.admin({ retry: { retries: 0 } })
    await admin.connect()
    expect((await admin.listGroups()).groups).toEqual([{ groupId: 'g', protocolType: 'consumer' }])
    const { groups } = await admin.describeGroups(['g', 'absent'])
    expect(groups).toMatchObject([
      { groupId: 'g', state: 'Stable', protocol: 'RoundRobinAssigner', protocolType: 'consumer', errorCode: 0 },
      { groupId: 'absent', state: 'Dead', errorCode: 0, members: [] },
    ])
    expect(groups[0]!.members).toMatchObject([{ clientId: 'kafkajs', clientHost: '/127.0.0.1' }])
    await expect(admin.deleteGroups(['g'])).rejects.toThrow(/DeleteGroups/)
    await consumer.disconnect()

    const offsets = async (): Promise<string[]> =>
      (await admin.fetchOffsets({ groupId: 'g', topics: ['t'] })).flatMap(({ partitions }) =>
        partitions.map(({ offset }) => offset),
      )
    expect(await offsets()).toEqual(['3'])
    await admin.resetOffsets({ groupId: 'g', topic: 't', earliest: true })
    expect(await offsets()).toEqual(['-1'])
    const again = await reader(kafka)
    await expect.poll(() => again.values, patience).toEqual(['a', 'b', 'c'])
    await again.consumer.disconnect()
    expect(await admin.deleteGroups(['g'])).toMatchObject([{ groupId: 'g', errorCode: 0 }])
    expect((await admin.listGroups()).groups).toEqual([])
    await admin.disconnect()
  }),
)
