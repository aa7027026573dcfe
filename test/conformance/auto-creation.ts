import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, readValues, suite, take, type Bench } from './bench.ts'

/** What `autoCreated` is run with: a log that makes topics so. */
export const autoCreated = { partitions: 3, config: { 'max.message.bytes': '1000' } }

/** A log that makes topics when they are first used. */
export function autoCreation(adapter: LogAdapter): void {
  suite(adapter, 'auto-creation', (test) => {
    const allOf = async (bench: Bench, topic: string): Promise<(string | null)[]> => {
      const values = await Promise.all([0, 1, 2].map((partition) => readValues(bench, { topic, partition })))
      return values.flat()
    }

    test('append makes the topic, and the records are there in the order of the calls', async (bench) => {
      const topic = bench.name()
      const producer = await bench.producer()
      const values = Array.from({ length: 20 }, (_, index) => `${index}`)
      for (const value of values.slice(0, 10)) expect(producer.append(topic, 'k', value)).toBe(true)
      await producer.flush()
      for (const value of values.slice(10)) producer.append(topic, 'k', value)
      await producer.flush()
      expect(await bench.log.admin.describeTopics([topic])).toMatchObject([autoCreated])
      expect(await readValues(bench, { topic, partition: producer.partitionOf(topic, 'k') })).toEqual(values)
    })

    test('records that wait are copies, with partition, headers, and the time of their call', async (bench) => {
      const topic = bench.name()
      const producer = await bench.producer()
      const value = Buffer.from('before')
      producer.append(topic, null, value, { partition: 2, timestamp: 5, headers: [['h', value]] })
      value.write('after!')
      await producer.close()
      const consumer = await bench.consumer()
      await consumer.assign([{ topic, partition: 2, offset: 0 }])
      const [record] = (await consumer.poll({ timeoutMs: 1000 }))[0]!.toArray()
      expect([record!.timestamp, String(record!.value), String(record!.headers[0]![1])]).toEqual([5, 'before', 'before'])
    })

    test('two producers and a consumer that name a topic at the same time get the same one', async (bench) => {
      const topic = bench.name()
      const [a, b] = [await bench.producer(), await bench.producer()]
      const consumer = await bench.consumer({ group: bench.name(), reset: 'earliest' })
      consumer.subscribe([topic])
      const seen = take(consumer, 2)
      a.append(topic, 'k', 'a')
      b.append(topic, 'k', 'b')
      await Promise.all([a.flush(), b.flush()])
      expect(new Set(await seen)).toEqual(new Set(['a', 'b']))
    })

    test('what was appended before goes before a batch, also when somebody else made the topic', async (bench) => {
      const topic = bench.name()
      const producer = await bench.producer()
      const making = bench.log.admin.createTopics([{ topic, partitions: 1 }])
      producer.append(topic, null, 'first')
      await making
      const batch = producer.batch(topic, 0)
      batch.append(null, 'second', adapter.now())
      await producer.send(batch)
      await producer.flush()
      expect(await readValues(bench, { topic, partition: 0 })).toEqual(['first', 'second'])
    })

    test('a name that no topic can have is refused at once', async (bench) => {
      const producer = await bench.producer()
      await expectFailure(() => producer.append('a/b', null, 'v'), 'INVALID_TOPIC_NAME')
      await expectFailure(() => producer.append('__consumer_offsets', null, 'v'), 'INVALID_TOPIC_NAME')
      await expectFailure(() => producer.append(bench.name(), null, 5 as never), 'INVALID_OPTION')
      await producer.flush()
      expect((await bench.log.admin.listTopics()).filter((topic) => topic === 'a/b')).toEqual([])
    })

    test('what fails then is told by flush, once, and the producer goes on', async (bench) => {
      const topic = bench.name()
      await bench.log.admin.createTopics([{ topic: `${topic}.x`, partitions: 1 }])
      const producer = await bench.producer()
      producer.append(`${topic}_x`, null, 'no such name')
      await expectFailure(() => producer.flush(), 'INVALID_TOPIC_NAME')
      await producer.flush()
      producer.append(topic, null, 'no such partition', { partition: 3 })
      await expectFailure(() => producer.flush(), 'UNKNOWN_PARTITION')
      const other = bench.name()
      producer.append(other, 'k', 'x'.repeat(2000))
      producer.append(other, 'k', 'fits')
      await expectFailure(() => producer.flush(), 'RECORD_TOO_LARGE')
      expect(await allOf(bench, other)).toEqual(['fits'])
    })

    test('records that wait count towards the bound', async (bench) => {
      const topic = bench.name()
      const producer = await bench.producer({ maxBufferedBytes: 1000 })
      while (producer.append(topic, 'k', 'x'.repeat(300)));
      await producer.ready()
      await producer.flush()
      expect(producer.append(topic, 'k', 'y')).toBe(true)
      await producer.flush()
      expect((await allOf(bench, topic)).at(-1)).toBe('y')
    })

    test('in a transaction: committed with it, dropped with it, and what cannot be written fails it', async (bench) => {
      const [kept, dropped, after] = [bench.name(), bench.name(), bench.name()]
      const producer = await bench.producer({ transactionalId: bench.name() })
      const first = await producer.begin()
      first.append(kept, 'k', 'v')
      await first.commit()
      const second = await producer.begin()
      second.append(dropped, 'k', 'v')
      await second.abort()
      const third = await producer.begin()
      third.append(after, 'k', 'v', { partition: 7 })
      await expectFailure(() => third.commit(), 'TRANSACTION_MUST_ABORT')
      await third.abort()
      const fourth = await producer.begin()
      fourth.append(dropped, 'k', 'w')
      await fourth.commit()
      expect(await allOf(bench, kept)).toEqual(['v'])
      expect(await allOf(bench, dropped)).toEqual(['w'])
      expect(await allOf(bench, after)).toEqual([])
    })

    test('subscribing by name makes the topic, once: deleted it stays away until somebody writes', async (bench) => {
      const topic = bench.name()
      const consumer = await bench.consumer({ group: bench.name(), reset: 'earliest' })
      consumer.subscribe([topic])
      while (consumer.assignment().length < 3) await consumer.poll({ timeoutMs: 50 })
      await bench.log.admin.deleteTopics([topic])
      for (let round = 0; round < 3; round++) await consumer.poll({ timeoutMs: 10 })
      expect(await bench.log.admin.describeTopics([topic])).toEqual([null])
      const producer = await bench.producer()
      producer.append(topic, 'k', 'new')
      await producer.flush()
      expect(await take(consumer, 1)).toEqual(['new'])
    })

    test('a name that no topic can have fails the poll of who subscribes to it', async (bench) => {
      const consumer = await bench.consumer({ group: bench.name(), reset: 'earliest' })
      consumer.subscribe(['a/b'])
      await expectFailure(() => consumer.poll({ timeoutMs: 20 }), 'INVALID_TOPIC_NAME')
      const topic = await bench.topic()
      consumer.subscribe([topic])
      while (consumer.assignment().length < 1) await consumer.poll({ timeoutMs: 50 })
    })

    test('batch, partitionOf, assign, patterns and questions make no topic', async (bench) => {
      const topic = bench.name()
      const producer = await bench.producer()
      await expectFailure(() => producer.batch(topic, 0), 'UNKNOWN_TOPIC')
      await expectFailure(() => producer.partitionOf(topic, 'k'), 'UNKNOWN_TOPIC')
      const consumer = await bench.consumer({ group: bench.name(), reset: 'earliest' })
      await expectFailure(() => consumer.assign([{ topic, partition: 0 }]), 'UNKNOWN_TOPIC')
      consumer.subscribe(new RegExp(`^${topic}$`))
      await consumer.poll({ timeoutMs: 20 })
      expect(await bench.log.admin.describeTopics([topic])).toEqual([null])
    })

    test('records that wait are written before the log closes', async (bench) => {
      const topic = bench.name()
      const producer = await bench.producer()
      producer.append(topic, 'k', 'v')
      await bench.reopen()
      expect(await allOf(bench, topic)).toEqual(['v'])
    })
  })
}
