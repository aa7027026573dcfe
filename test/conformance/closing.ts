import type { LogClient } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, failing, readValues, send, suite, valuesOf } from './bench.ts'

/** The end of producers, consumers and the log: what was taken is written, what waits ends, and nothing goes on behind it. */
export function closing(adapter: LogAdapter): void {
  suite(adapter, 'closing', (test) => {
    const closed = { outcome: 'fatal', fault: 'caller' }

    test('a producer writes what was appended before it closes; closing twice is nothing', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      for (let at = 0; at < 50; at++) producer.append(place.topic, null, `${at}`)
      const sending = send(producer, place, ['sent'], adapter.now())
      await Promise.all([producer.close(), producer.close()])
      await producer.close()
      await producer[Symbol.asyncDispose]()
      expect(await sending).toBe(50)
      expect(await readValues(bench, place)).toHaveLength(51)
    })

    test('a closed producer takes nothing more', async (bench) => {
      const topic = await bench.topic()
      const producer = await bench.producer()
      const batch = producer.batch(topic, 0)
      batch.append(null, 'v', adapter.now())
      await producer.close()
      await expectFailure(() => producer.append(topic, null, 'v'), 'CLOSED', closed)
      await expectFailure(() => producer.batch(topic, 0), 'CLOSED', closed)
      await expectFailure(() => producer.send(batch), 'CLOSED', closed)
      await expectFailure(() => producer.flush(), 'CLOSED', closed)
      const transactional = await bench.producer({ transactionalId: bench.name() })
      await transactional.close()
      await expectFailure(() => transactional.begin(), 'CLOSED', closed)
      await expectFailure(() => transactional.transact({ batches: [] }), 'CLOSED', closed)
      expect(await readValues(bench, { topic, partition: 0 })).toEqual([])
    })

    test('who waits for room is told when the producer closes', async (bench) => {
      const topic = await bench.topic()
      const producer = await bench.producer({ maxBufferedBytes: 100 })
      while (producer.append(topic, null, 'x'.repeat(50)));
      const waiting = producer.ready()
      await producer.close()
      await waiting
    })

    test('a transaction of a closed producer is aborted, and ended', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      transaction.append(place.topic, null, 'lost')
      await producer.close()
      await expectFailure(() => transaction.append(place.topic, null, 'v'), 'TRANSACTION_ENDED')
      await expectFailure(() => transaction.commit(), 'TRANSACTION_ENDED')
      await transaction[Symbol.asyncDispose]()
      expect(await readValues(bench, place)).toEqual([])
    })

    test('closing a producer waits for the transaction that is being committed', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      transaction.append(place.topic, null, 'kept')
      const committing = transaction.commit()
      await producer.close()
      await committing
      expect(await readValues(bench, place)).toEqual(['kept'])
    })

    test('a poll that waits ends when the consumer is closed; closing twice is nothing', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const waiting = consumer.poll({ timeoutMs: 20_000 }).catch((error: unknown) => error)
      await Promise.all([consumer.close(), consumer.close()])
      await consumer.close()
      await consumer[Symbol.asyncDispose]()
      expect(await waiting).toEqual(failing('CLOSED', closed))
    })

    test('an iteration that waits ends without an error when the consumer is closed', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const iterating = (async () => {
        for await (const batch of consumer) throw new Error(`there is no batch at ${batch.baseOffset}`)
        return 'ended'
      })()
      await consumer.close()
      expect(await iterating).toBe('ended')
    })

    test('a closed consumer reads and commits nothing more', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const consumer = await bench.consumer({ group: bench.name() })
      await consumer.assign([{ ...place, offset: 0 }])
      await consumer.close()
      expect(consumer.assignment()).toEqual([])
      expect(consumer.membership()).toBeNull()
      await expectFailure(() => consumer.poll(), 'CLOSED', closed)
      await expectFailure(() => consumer.assign([place]), 'CLOSED', closed)
      await expectFailure(() => consumer.subscribe([place.topic]), 'CLOSED', closed)
      await expectFailure(() => consumer.commit(), 'CLOSED', closed)
      await expectFailure(() => consumer.commit([{ ...place, offset: 0 }]), 'CLOSED', closed)
      await consumer.unsubscribe()
      for await (const batch of consumer) throw new Error(`there is no batch at ${batch.baseOffset}`)
    })

    test('batches stay readable behind the end of their consumer', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      await send(await bench.producer(), place, ['v'], adapter.now())
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const batches = await consumer.poll({ timeoutMs: 1000 })
      await consumer.close()
      await bench.reopen()
      expect(valuesOf(batches)).toEqual(['v'])
    })

    test('closing the log writes what its producers hold, and closes all of them', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const consumer = await bench.consumer({ group: bench.name() })
      await consumer.assign([{ ...place, offset: 0 }])
      const waiting = consumer.poll({ timeoutMs: 20_000 }).then(valuesOf, (error: unknown) => error)
      const transactional = await bench.producer({ transactionalId: bench.name() })
      const transaction = await transactional.begin()
      transaction.append(place.topic, null, 'lost')
      producer.append(place.topic, null, 'kept')
      await bench.reopen()
      // The poll saw the record that came, or the end.
      expect([['kept'], failing('CLOSED', closed)]).toContainEqual(await waiting)
      await expectFailure(() => producer.append(place.topic, null, 'v'), 'CLOSED', closed)
      await expectFailure(() => consumer.poll(), 'CLOSED', closed)
      expect(await readValues(bench, place)).toEqual(['kept'])
    })

    test('a closed log answers nothing but its metrics; closing twice is nothing', async (bench) => {
      const topic = await bench.topic()
      const place = { topic, partition: 0 }
      const { log } = bench
      await bench.reopen()
      await Promise.all([log.close(), log.close()])
      await log[Symbol.asyncDispose]()
      for (const call of everyCall(log, topic)) await expectFailure(call, 'CLOSED', closed)
      expect(log.metrics.snapshot().families.length).toBeGreaterThan(0)
      expect(await readValues(bench, place)).toEqual([])
    })
  })
}

/** Everything that a log and its administration can be asked. */
function everyCall(log: LogClient, topic: string): readonly (() => unknown)[] {
  const place = { topic, partition: 0 }
  const { admin } = log
  return [
    () => log.producer(),
    () => log.producer({ transactionalId: 't' }),
    () => log.consumer(),
    () => log.sync(),
    () => admin.createTopics([{ topic: `${topic}-late`, partitions: 1 }]),
    () => admin.deleteTopics([topic]),
    () => admin.listTopics(),
    () => admin.describeTopics([topic]),
    () => admin.describeTopicConfig(topic),
    () => admin.alterTopicConfig(topic, {}),
    () => admin.addPartitions(topic, 5),
    () => admin.deleteRecords([{ ...place, before: 0 }]),
    () => admin.listOffsets([{ ...place, at: 'latest' }]),
    () => admin.listTransactions(),
    () => admin.describeTransaction('t'),
    () => admin.findHangingTransactions(),
    () => admin.abortTransaction('t'),
    () => admin.fenceProducers(['t']),
    () => admin.listGroups(),
    () => admin.describeGroups(['g']),
    () => admin.deleteGroups(['g']),
    () => admin.groupOffsets('g'),
    () => admin.alterGroupOffsets('g', []),
    () => admin.resetGroupOffsets('g', [place], 'latest'),
    () => admin.deleteGroupOffsets('g', [place]),
    () => admin.groupLag('g'),
  ]
}
