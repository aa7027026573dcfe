import type { LogClient, OutgoingBatch, Producer, TopicPartition, Transaction } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, readAll, readValues, send, suite, take } from './bench.ts'

/** Transactions: at once through `transact`, and open ones through `begin`. */
export function transactions(adapter: LogAdapter): void {
  suite(adapter, 'transactions', (test) => {
    const batchOf = (producer: Producer, to: TopicPartition, values: readonly string[]): OutgoingBatch => {
      const batch = producer.batch(to.topic, to.partition)
      for (const value of values) batch.append(null, value, adapter.now())
      return batch
    }
    const write = (producer: Producer, transaction: Transaction, to: TopicPartition, value: string): Promise<unknown> =>
      transaction.send(batchOf(producer, to, [value]))

    test('transact writes all or nothing, in several partitions, with the offsets of a group', async (bench) => {
      const topic = await bench.topic(2)
      const [a, b] = [0, 1].map((partition) => ({ topic, partition })) as [TopicPartition, TopicPartition]
      const producer = await bench.producer({ transactionalId: bench.name() })
      const group = bench.name()
      const result = await producer.transact({
        batches: [batchOf(producer, a, ['one', 'two']), producer.batch(topic, 0), batchOf(producer, b, ['three'])],
        offsets: { group, positions: [{ ...a, offset: 7, metadata: 'noted' }] },
      })
      expect(result.appended).toEqual([
        { ...a, baseOffset: 0, count: 2 },
        { ...a, baseOffset: -1, count: 0 },
        { ...b, baseOffset: 0, count: 1 },
      ])
      expect(await readValues(bench, a)).toEqual(['one', 'two'])
      expect(await readValues(bench, b)).toEqual(['three'])
      expect(await bench.log.admin.groupOffsets(group)).toEqual([{ ...a, offset: 7, metadata: 'noted' }])
      await bench.reopen()
      expect(await readValues(bench, a)).toEqual(['one', 'two'])
      expect(await bench.log.admin.groupOffsets(group)).toMatchObject([{ offset: 7 }])
    })

    test('two transactions through transact have different names', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const names = new Set<string>()
      for (let index = 0; index < 5; index++) {
        const { producerId, producerEpoch } = await producer.transact({ batches: [batchOf(producer, place, ['v'])] })
        names.add(`${producerId}/${producerEpoch}`)
      }
      expect(names.size).toBe(5)
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const batches = await consumer.poll()
      expect(new Set(batches.map((batch) => `${batch.producerId}/${batch.producerEpoch}`))).toEqual(names)
    })

    test('a refused transact leaves nothing, and its batches may be handed over again', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const group = bench.name()
      const producer = await bench.producer({ transactionalId: bench.name() })
      const batch = batchOf(producer, place, ['v'])
      const refuse = (positions: readonly object[], code: string): Promise<void> =>
        expectFailure(() => producer.transact({ batches: [batch], offsets: { group, positions: positions as never } }), code)
      await refuse([{ topic: bench.name(), partition: 0, offset: 0 }], 'UNKNOWN_TOPIC')
      await refuse([{ ...place, partition: 1, offset: 0 }], 'UNKNOWN_PARTITION')
      for (const offset of [-1, 0.5, NaN, 2 ** 53]) await refuse([{ ...place, offset }], 'NUMBER_OUT_OF_RANGE')
      await refuse([{ ...place, offset: 0, metadata: 'x'.repeat(4097) }], 'INVALID_OPTION')
      expect(await bench.log.admin.listOffsets([{ ...place, at: 'latest' }])).toEqual([0])
      expect(await bench.log.admin.groupOffsets(group)).toEqual([])
      await producer.transact({
        batches: [batch],
        offsets: { group, positions: [{ ...place, offset: 1, metadata: 'x'.repeat(4096) }] },
      })
      expect(await readValues(bench, place)).toEqual(['v'])
    })

    test('transact takes each batch once, its own only, and work it knows', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const other = await bench.producer()
      const batch = batchOf(producer, place, ['v'])
      await expectFailure(() => producer.transact({ batches: [batch, batch] }), 'BATCH_CONSUMED')
      await expectFailure(() => producer.transact({ batches: [batchOf(other, place, ['w'])] }), 'INVALID_OPTION')
      await expectFailure(() => producer.transact({ batches: batch as never }), 'INVALID_OPTION', { where: 'batches' })
      await expectFailure(() => producer.transact({ batches: [], timeout: 5 } as never), 'UNKNOWN_OPTION')
      await producer.transact({ batches: [batch] })
      await expectFailure(() => producer.transact({ batches: [batch] }), 'BATCH_CONSUMED')
      expect(await readValues(bench, place)).toEqual(['v'])
      await producer.transact({ batches: [] })
    })

    test('transactions that are handed over together stand in the order of the calls', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const values = Array.from({ length: 10 }, (_, index) => `${index}`)
      await Promise.all(values.map((value) => producer.transact({ batches: [batchOf(producer, place, [value])] })))
      expect(await readValues(bench, place)).toEqual(values)
    })

    test('plain and transactional calls do not mix', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const plain = await bench.producer()
      const transactional = await bench.producer({ transactionalId: bench.name() })
      await expectFailure(() => plain.begin(), 'NOT_TRANSACTIONAL', { outcome: 'fatal' })
      await expectFailure(() => plain.transact({ batches: [] }), 'NOT_TRANSACTIONAL')
      await expectFailure(() => transactional.append(place.topic, null, 'v'), 'TRANSACTIONAL_ONLY', { outcome: 'fatal' })
      await expectFailure(() => transactional.send(batchOf(transactional, place, ['v'])), 'TRANSACTIONAL_ONLY')
      await transactional.flush()
      expect(await readValues(bench, place)).toEqual([])
    })

    test('an open transaction is seen by readers of uncommitted data alone, and all at once when it is committed', async (bench) => {
      const topic = await bench.topic(2)
      const [a, b] = [0, 1].map((partition) => ({ topic, partition })) as [TopicPartition, TopicPartition]
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      expect(await transaction.send(batchOf(producer, a, ['one', 'two']))).toEqual({ ...a, baseOffset: 0, count: 2 })
      transaction.append(topic, null, 'three', { partition: 1 })
      await producer.flush()
      for (const place of [a, b]) expect(await readValues(bench, place)).toEqual([])
      expect(await readValues(bench, a, 'read_uncommitted')).toEqual(['one', 'two'])
      expect(await readValues(bench, b, 'read_uncommitted')).toEqual(['three'])
      const { admin } = bench.log
      expect(
        await admin.listOffsets([
          { ...a, at: 'stable' },
          { ...a, at: 'latest' },
        ]),
      ).toEqual([0, 2])
      await transaction.commit()
      expect(await readValues(bench, a)).toEqual(['one', 'two'])
      expect(await readValues(bench, b)).toEqual(['three'])
      const [stable, latest] = await admin.listOffsets([
        { ...a, at: 'stable' },
        { ...a, at: 'latest' },
      ])
      expect(stable).toBe(latest)
    })

    test('commit writes what was appended and not flushed', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      for (let index = 0; index < 100; index++) transaction.append(place.topic, 'k', `${index}`)
      await transaction.commit()
      expect(await readValues(bench, place)).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`))
    })

    test('an aborted transaction is never seen by readers of committed data, also behind and between others', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const plain = await bench.producer()
      const expected: string[] = []
      for (let index = 0; index < 6; index++) {
        const transaction = await producer.begin()
        await write(producer, transaction, place, `${index}`)
        await send(plain, place, [`plain ${index}`], adapter.now())
        if (index % 2 === 0) await transaction.abort()
        else {
          expected.push(`${index}`)
          await transaction.commit()
        }
        expected.push(`plain ${index}`)
      }
      expect(await readValues(bench, place)).toEqual(expected)
      expect(await readValues(bench, place, 'read_uncommitted')).toHaveLength(12)
      await bench.reopen()
      expect(await readValues(bench, place)).toEqual(expected)
    })

    test('nothing behind an open transaction is seen by readers of committed data; before it everything is', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const plain = await bench.producer()
      const producer = await bench.producer({ transactionalId: bench.name() })
      await send(plain, place, ['before'], adapter.now())
      const transaction = await producer.begin()
      await write(producer, transaction, place, 'open')
      await send(plain, place, ['behind'], adapter.now())
      expect(await readValues(bench, place)).toEqual(['before'])
      expect(await readValues(bench, place, 'read_uncommitted')).toEqual(['before', 'open', 'behind'])
      await transaction.abort()
      expect(await readValues(bench, place)).toEqual(['before', 'behind'])
    })

    test('a waiting reader is woken by the commit', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await write(producer, transaction, place, 'v')
      const consumer = await bench.consumer()
      await consumer.assign([{ ...place, offset: 0 }])
      const waiting = take(consumer, 1)
      await transaction.commit()
      expect(await waiting).toEqual(['v'])
    })

    test('offsets count with the commit, and not at all after an abort', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const group = bench.name()
      const producer = await bench.producer({ transactionalId: bench.name() })
      const { admin } = bench.log
      const aborted = await producer.begin()
      await aborted.sendOffsets({ group, positions: [{ ...place, offset: 3 }] })
      expect(await admin.groupOffsets(group)).toEqual([])
      await aborted.abort()
      expect(await admin.groupOffsets(group)).toEqual([])
      const committed = await producer.begin()
      await committed.sendOffsets({ group, positions: [{ ...place, offset: 4 }] })
      await committed.sendOffsets({ group, positions: [{ ...place, offset: 5 }] })
      await committed.commit()
      expect(await admin.groupOffsets(group)).toMatchObject([{ ...place, offset: 5 }])
    })

    test('a producer has one transaction at a time, which ends once', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await expectFailure(() => producer.begin(), 'TRANSACTION_OPEN', { outcome: 'fatal' })
      await expectFailure(() => producer.transact({ batches: [] }), 'TRANSACTION_OPEN')
      await write(producer, transaction, place, 'v')
      await transaction.commit()
      await expectFailure(() => transaction.commit(), 'TRANSACTION_ENDED', { outcome: 'fatal' })
      await expectFailure(() => transaction.abort(), 'TRANSACTION_ENDED')
      await expectFailure(() => transaction.append(place.topic, null, 'v'), 'TRANSACTION_ENDED')
      await expectFailure(() => transaction.send(batchOf(producer, place, ['v'])), 'TRANSACTION_ENDED')
      await expectFailure(() => transaction.sendOffsets({ group: bench.name(), positions: [] }), 'TRANSACTION_ENDED')
      await transaction[Symbol.asyncDispose]()
      await producer.transact({ batches: [batchOf(producer, place, ['w'])] })
      expect(await readValues(bench, place)).toEqual(['v', 'w'])
    })

    test('leaving the block aborts what was neither committed nor aborted', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      {
        await using transaction = await producer.begin()
        await write(producer, transaction, place, 'lost')
        transaction.append(place.topic, null, 'lost too')
      }
      {
        await using transaction = await producer.begin()
        await write(producer, transaction, place, 'kept')
        await transaction.commit()
      }
      expect(await readValues(bench, place)).toEqual(['kept'])
    })

    test('a transaction without writes costs nothing', async (bench) => {
      const transactionalId = bench.name()
      const producer = await bench.producer({ transactionalId })
      const before = await bench.log.admin.describeTransaction(transactionalId)
      await (await producer.begin()).commit()
      await (await producer.begin()).abort()
      expect(await bench.log.admin.describeTransaction(transactionalId)).toEqual(before)
    })

    test('what append refuses at once leaves the transaction whole', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await expectFailure(() => transaction.append(bench.name(), null, 'v'), 'UNKNOWN_TOPIC')
      await expectFailure(() => transaction.append(place.topic, null, 'x'.repeat(2_000_000)), 'RECORD_TOO_LARGE')
      transaction.append(place.topic, null, 'v')
      await transaction.commit()
      expect(await readValues(bench, place)).toEqual(['v'])
    })

    test('after a write that failed only abort is left, and the next transaction goes on', async (bench) => {
      const [place, gone] = [
        { topic: await bench.topic(), partition: 0 },
        { topic: await bench.topic(), partition: 0 },
      ]
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await write(producer, transaction, place, 'lost')
      const batch = batchOf(producer, gone, ['v'])
      await bench.log.admin.deleteTopics([gone.topic])
      await expectFailure(() => transaction.send(batch), 'UNKNOWN_TOPIC')
      await expectFailure(() => write(producer, transaction, place, 'v'), 'TRANSACTION_MUST_ABORT', { outcome: 'fatal' })
      await expectFailure(() => transaction.append(place.topic, null, 'v'), 'TRANSACTION_MUST_ABORT')
      await expectFailure(() => transaction.sendOffsets({ group: 'g', positions: [] }), 'TRANSACTION_MUST_ABORT')
      await expectFailure(() => transaction.commit(), 'TRANSACTION_MUST_ABORT')
      await transaction.abort()
      const next = await producer.begin()
      await write(producer, next, place, 'next')
      await next.commit()
      expect(await readValues(bench, place)).toEqual(['next'])
    })

    test('a newer producer of the id fences the older one: its open transaction is aborted, nothing more is taken', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const transactionalId = bench.name()
      const zombie = await bench.producer({ transactionalId })
      const old = await zombie.begin()
      await write(zombie, old, place, 'zombie')
      const heir = await bench.producer({ transactionalId })
      expect(await bench.log.admin.listOffsets([{ ...place, at: 'stable' }])).not.toEqual([0])
      const fenced = { outcome: 'fenced' }
      await expectFailure(() => write(zombie, old, place, 'late'), 'PRODUCER_FENCED', fenced)
      await expectFailure(() => old.commit(), 'PRODUCER_FENCED', fenced)
      await expectFailure(() => old.abort(), 'PRODUCER_FENCED', fenced)
      await old[Symbol.asyncDispose]()
      await expectFailure(() => zombie.transact({ batches: [] }), 'PRODUCER_FENCED', fenced)
      await heir.transact({ batches: [batchOf(heir, place, ['heir'])] })
      expect(await readValues(bench, place)).toEqual(['heir'])
    })

    test('a zombie through transact is fenced too, and of one that is fenced begin and transact say so', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const transactionalId = bench.name()
      const zombie = await bench.producer({ transactionalId })
      await bench.producer({ transactionalId })
      const late = (): Promise<unknown> => zombie.transact({ batches: [batchOf(zombie, place, ['late'])] })
      await expectFailure(late, 'PRODUCER_FENCED', { outcome: 'fenced' })
      await expectFailure(late, 'PRODUCER_FENCED')
      await expectFailure(() => zombie.begin(), 'PRODUCER_FENCED')
      expect(await readValues(bench, place)).toEqual([])
    })

    test('closing a producer aborts its open transaction', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer({ transactionalId: bench.name() })
      await write(producer, await producer.begin(), place, 'lost')
      await producer.close()
      expect(await readAll(bench, place)).toEqual([])
      const [stable, latest] = await bench.log.admin.listOffsets([
        { ...place, at: 'stable' },
        { ...place, at: 'latest' },
      ])
      expect(stable).toBe(latest)
    })

    test('a transaction must have a timeout that the log allows', async (bench) => {
      const open = (transactionTimeoutMs: number): Promise<Producer> =>
        bench.producer({ transactionalId: bench.name(), transactionTimeoutMs })
      await expectFailure(() => open(900_001), 'INVALID_TRANSACTION_TIMEOUT', { outcome: 'fatal' })
      for (const bad of [0, -1, 1.5, NaN]) await expectFailure(() => open(bad), 'INVALID_OPTION')
      await open(900_000)
    })

    if (adapter.capabilities.virtualTime) {
      test('one that is open for too long is aborted, and its producer goes on behind it', async (bench) => {
        const place = { topic: await bench.topic(), partition: 0 }
        const producer = await bench.producer({ transactionalId: bench.name(), transactionTimeoutMs: 20_000 })
        const transaction = await producer.begin()
        await write(producer, transaction, place, 'slow')
        await adapter.pass(35_000)
        await expectFailure(() => write(producer, transaction, place, 'late'), 'TRANSACTION_ABORTED', { outcome: 'fatal' })
        await transaction.abort()
        await producer.transact({ batches: [batchOf(producer, place, ['quick'])] })
        expect(await readValues(bench, place)).toEqual(['quick'])
      })
    }

    test('members of a group commit with their transaction, until the group has gone on without them', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const group = bench.name()
      const producer = await bench.producer({ transactionalId: bench.name() })
      const consumer = await bench.consumer({ group, reset: 'earliest' })
      consumer.subscribe([place.topic])
      await until(async () => {
        await consumer.poll({ timeoutMs: 100 })
        return consumer.assignment().length === 1
      })
      const membership = consumer.membership()!
      expect(membership).toMatchObject({ group })
      const work = (offset: number): Parameters<Producer['transact']>[0] => ({
        batches: [batchOf(producer, place, [`${offset}`])],
        offsets: { ...membership, positions: [{ ...place, offset }] },
      })
      await producer.transact(work(1))
      const stale = {
        ...work(2),
        offsets: { ...membership, generation: membership.generation - 1, positions: [{ ...place, offset: 2 }] },
      }
      await expectFailure(() => producer.transact(stale), 'ILLEGAL_GENERATION', { outcome: 'fenced' })
      await consumer.close()
      expect(consumer.membership()).toBeNull()
      await expectFailure(() => producer.transact(work(3)), 'UNKNOWN_MEMBER_ID', { outcome: 'fenced' })
      expect(await offsetsOf(bench.log, group)).toEqual([1])
      expect(await readValues(bench, place)).toEqual(['1'])
      const next = await producer.begin()
      await write(producer, next, place, 'lost')
      await expectFailure(() => next.sendOffsets(work(4).offsets!), 'UNKNOWN_MEMBER_ID')
      await expectFailure(() => next.commit(), 'TRANSACTION_MUST_ABORT')
      await next.abort()
      await producer.transact({ batches: [batchOf(producer, place, ['goes on'])] })
      expect(await readValues(bench, place)).toEqual(['1', 'goes on'])
    })
  })
}

async function offsetsOf(log: LogClient, group: string): Promise<number[]> {
  return (await log.admin.groupOffsets(group)).map(({ offset }) => offset)
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done()));
}
