import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectLog, type LogClient } from '@millrace/core'
import { KafkaBroker } from './kafka-broker.ts'

/** The client port over the wire, on an Apache Kafka. */
let kafka: KafkaBroker
let log: LogClient

beforeAll(async () => {
  kafka = await KafkaBroker.start()
  log = await connectLog({ bootstrapServers: kafka.bootstrap })
})

afterAll(async () => {
  await log?.close()
  await kafka?.[Symbol.asyncDispose]()
})

async function valuesOf(topic: string, isolation: 'read_committed' | 'read_uncommitted'): Promise<string[]> {
  const place = { topic, partition: 0 }
  const [end] = await log.admin.listOffsets([{ ...place, at: isolation === 'read_committed' ? 'stable' : 'latest' }])
  await using consumer = await log.consumer({ isolation })
  await consumer.assign([{ ...place, offset: 0 }])
  const values: string[] = []
  while (consumer.position(place) < end!)
    for (const batch of await consumer.poll({ timeoutMs: 1000 })) batch.forEach(({ value }) => values.push(String(value)))
  return values
}

test('transactions are committed with offsets, or aborted, and a newer producer fences the older one', async () => {
  await log.admin.createTopics([{ topic: 'tx', partitions: 2 }])
  const producer = await log.producer({ transactionalId: 'id' })
  for (const [value, how, offset] of [
    ['a', 'commit', 1],
    ['lost', 'abort', 7],
    ['b', 'commit', 2],
  ] as const) {
    const transaction = await producer.begin()
    transaction.append('tx', null, value, { partition: 0 })
    transaction.append('tx', null, value, { partition: 1 })
    await transaction.sendOffsets({ group: 'g', positions: [{ topic: 'tx', partition: 1, offset }] })
    await transaction[how]()
  }
  const batch = producer.batch('tx', 0)
  batch.append(null, 'c', Date.now())
  const result = await producer.transact({ batches: [batch] })
  expect(result.appended).toMatchObject([{ topic: 'tx', partition: 0, count: 1 }])
  expect(await valuesOf('tx', 'read_committed')).toEqual(['a', 'b', 'c'])
  expect(await valuesOf('tx', 'read_uncommitted')).toEqual(['a', 'lost', 'b', 'c'])
  expect(await log.admin.groupOffsets('g')).toMatchObject([{ topic: 'tx', partition: 1, offset: 2 }])

  const old = await producer.begin()
  old.append('tx', null, 'zombie', { partition: 0 })
  const heir = await log.producer({ transactionalId: 'id' })
  await expect(old.commit()).rejects.toMatchObject({ outcome: 'fenced' })
  const own = await heir.begin()
  own.append('tx', null, 'd', { partition: 0 })
  await own.commit()
  expect(await valuesOf('tx', 'read_committed')).toEqual(['a', 'b', 'c', 'd'])
  await expect(producer.close()).rejects.toMatchObject({ outcome: 'fenced' }) // what was appended last was not written
})

test('many records of many partitions come once each, in order', async () => {
  await log.admin.createTopics([{ topic: 'many', partitions: 6 }])
  const producer = await log.producer({ compression: 'lz4' })
  const count = 60_000
  for (let n = 0; n < count; n++) if (!producer.append('many', null, `${n}`, { partition: n % 6 })) await producer.ready()
  await producer.flush()
  await using consumer = await log.consumer()
  await consumer.assign(Array.from({ length: 6 }, (_, partition) => ({ topic: 'many', partition, offset: 'earliest' as const })))
  const next = [0, 1, 2, 3, 4, 5]
  for (let seen = 0; seen < count;)
    for (const batch of await consumer.poll({ timeoutMs: 1000, maxRecords: 5000 })) {
      seen += batch.count
      batch.forEach(({ value }) => {
        expect(Number(value)).toBe(next[batch.partition])
        next[batch.partition]! += 6
      })
    }
})

test('records are deleted, and offsets found by time', async () => {
  await log.admin.createTopics([{ topic: 'times', partitions: 1 }])
  const producer = await log.producer()
  for (let n = 0; n < 10; n++) producer.append('times', null, `${n}`, { timestamp: 1_700_000_000_000 + n })
  await producer.flush()
  const place = { topic: 'times', partition: 0 }
  expect(await log.admin.deleteRecords([{ ...place, before: 3 }])).toEqual([3])
  const at = [1_700_000_000_005, 1_800_000_000_000, 'earliest', 'latest', 'stable'] as const
  expect(await log.admin.listOffsets(at.map((one) => ({ ...place, at: one })))).toEqual([5, 10, 3, 10, 10])
  await using consumer = await log.consumer()
  await consumer.assign([{ ...place, offset: 0 }])
  await expect(consumer.poll()).rejects.toMatchObject({
    code: 'OFFSET_OUT_OF_RANGE',
    message: expect.stringContaining('3 to 10'),
  })
})
