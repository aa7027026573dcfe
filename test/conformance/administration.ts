import type { OutgoingBatch, Producer, TopicPartition } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, readValues, send, suite, type Bench } from './bench.ts'

/** Offsets, deletion of records, and transactions, as an operator sees them. */
export function administration(adapter: LogAdapter): void {
  suite(adapter, 'admin', (test) => {
    const filled = async (bench: Bench, count: number): Promise<TopicPartition> => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      for (let at = 0; at < count; at++) await send(producer, place, [`${at}`], adapter.now())
      return place
    }
    const batchOf = (producer: Producer, { topic, partition }: TopicPartition): OutgoingBatch => {
      const batch = producer.batch(topic, partition)
      batch.append(null, 'v', adapter.now())
      return batch
    }

    test('quotas are set, listed and removed, all of an entity or none', async ({ log: { admin } }) => {
      const entity = { user: 'alice', 'client-id': null }
      await admin.alterQuotas(entity, { producer_byte_rate: 1_000, request_percentage: 0.5 })
      const listed = { entity, values: { producer_byte_rate: 1_000, request_percentage: 0.5 } }
      expect(await admin.listQuotas()).toContainEqual(listed)
      for (const changes of [{ producer_byte_rate: 0 }, { consumer_byte_rate: 1, no_such_quota: 1 }, { producer_byte_rate: 0.5 }])
        await expectFailure(() => admin.alterQuotas(entity, changes), 'INVALID_QUOTA')
      await expectFailure(() => admin.alterQuotas({}, { producer_byte_rate: 1 }), 'INVALID_QUOTA')
      await expectFailure(() => admin.alterQuotas({ user: '' }, { producer_byte_rate: 1 }), 'INVALID_QUOTA')
      expect(await admin.listQuotas()).toContainEqual(listed)
      await admin.alterQuotas(entity, { producer_byte_rate: null, request_percentage: null, consumer_byte_rate: null })
      expect(await admin.listQuotas()).toEqual([])
    })

    test('offsets are told in the order of the queries', async (bench) => {
      const [a, b] = [await filled(bench, 3), await filled(bench, 0)]
      const { admin } = bench.log
      await admin.deleteRecords([{ ...a, before: 1 }])
      const queries = [
        { ...a, at: 'latest' },
        { ...b, at: 'latest' },
        { ...a, at: 'earliest' },
        { ...b, at: 'earliest' },
        { ...a, at: 'stable' },
      ] as const
      expect(await admin.listOffsets(queries)).toEqual([3, 0, 1, 0, 3])
      expect(await admin.listOffsets([])).toEqual([])
    })

    test('a time gives the first offset at or after it, the high watermark behind all', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const start = adapter.now() - 10_000
      for (const ms of [0, 100, 100, 50, 300]) await send(producer, place, ['v'], start + ms)
      const at = async (time: number): Promise<number> => (await bench.log.admin.listOffsets([{ ...place, at: time }]))[0]!
      expect(await Promise.all([0, 1, 51, 100, 101, 300].map((ms) => at(start + ms)))).toEqual([0, 1, 1, 1, 4, 4])
      expect(await at(0)).toBe(0)
      expect(await at(start + 301)).toBe(5)
      await bench.log.admin.deleteRecords([{ ...place, before: 2 }])
      expect(await at(start + 100)).toBe(2)
      expect(await at(0)).toBe(2)
    })

    test('a time within a batch gives the record, not its batch', async (bench) => {
      const place = { topic: await bench.topic(), partition: 0 }
      const producer = await bench.producer()
      const start = adapter.now() - 10_000
      const batch = producer.batch(place.topic, 0)
      for (const ms of [0, 10, 20]) batch.append(null, 'v', start + ms)
      await producer.send(batch)
      expect(
        await bench.log.admin.listOffsets([
          { ...place, at: start + 10 },
          { ...place, at: start + 11 },
        ]),
      ).toEqual([1, 2])
    })

    for (const at of [-1, -2, 0.5, NaN, 2 ** 53, 'end', null, undefined] as never[]) {
      test(`there is no offset at ${String(at)}`, async (bench) => {
        const place = await filled(bench, 1)
        await expectFailure(() => bench.log.admin.listOffsets([{ ...place, at }]), 'INVALID_OPTION', {
          where: `${place.topic}-0`,
          message: expect.stringMatching(/expected earliest, latest, stable.*received/),
        })
      })
    }

    test('offsets of what is not there are refused', async (bench) => {
      const place = await filled(bench, 1)
      const { admin } = bench.log
      await expectFailure(() => admin.listOffsets([{ topic: bench.name(), partition: 0, at: 'latest' }]), 'UNKNOWN_TOPIC')
      for (const partition of [1, -1, 0.5, NaN]) {
        await expectFailure(() => admin.listOffsets([{ ...place, partition, at: 'latest' }]), 'UNKNOWN_PARTITION')
      }
    })

    test('records below an offset are deleted, for good, and offsets go on', async (bench) => {
      const { admin } = bench.log
      const [a, b] = [await filled(bench, 5), await filled(bench, 2)]
      expect(
        await admin.deleteRecords([
          { ...a, before: 3 },
          { ...b, before: 'stable' },
        ]),
      ).toEqual([3, 2])
      expect(await readValues(bench, a)).toEqual(['3', '4'])
      expect(await readValues(bench, b)).toEqual([])
      expect(await admin.deleteRecords([{ ...a, before: 1 }])).toEqual([3])
      await bench.reopen()
      expect(await readValues(bench, a)).toEqual(['3', '4'])
      expect(await send(await bench.producer(), b, ['next'], adapter.now())).toBe(2)
      expect(await readValues(bench, b)).toEqual(['next'])
    })

    test('records are deleted up to the last stable offset, and not at all when one target is wrong', async (bench) => {
      const { admin } = bench.log
      const place = await filled(bench, 2)
      const other = await filled(bench, 2)
      const producer = await bench.producer({ transactionalId: bench.name() })
      const transaction = await producer.begin()
      await transaction.send(batchOf(producer, place))
      for (const before of [3, -2, 0.5, NaN, 2 ** 53]) {
        await expectFailure(
          () =>
            admin.deleteRecords([
              { ...other, before: 1 },
              { ...place, before },
            ]),
          'OFFSET_OUT_OF_RANGE',
          { outcome: 'fatal', where: `${place.topic}-0`, message: expect.stringMatching(/expected 0 to 2/) },
        )
      }
      expect(await admin.listOffsets([{ ...other, at: 'earliest' }])).toEqual([0])
      expect(await admin.deleteRecords([{ ...place, before: 'stable' }])).toEqual([2])
      await transaction.abort()
      await expectFailure(() => admin.deleteRecords([{ topic: bench.name(), partition: 0, before: 0 }]), 'UNKNOWN_TOPIC')
      await expectFailure(() => admin.deleteRecords([{ ...place, partition: 3, before: 0 }]), 'UNKNOWN_PARTITION')
      await expectFailure(
        () => admin.deleteRecords([{ topic: '__consumer_offsets', partition: 0, before: 0 }]),
        'INVALID_TOPIC_NAME',
      )
    })

    test('a number below 0 is no place to delete up to: `stable` is the word for that', async (bench) => {
      const place = await filled(bench, 2)
      await expectFailure(() => bench.log.admin.deleteRecords([{ ...place, before: -1 }]), 'OFFSET_OUT_OF_RANGE')
      await expectFailure(() => bench.log.admin.deleteRecords([{ ...place, before: 'latest' as never }]), 'OFFSET_OUT_OF_RANGE')
      expect(await readValues(bench, place)).toEqual(['0', '1'])
    })

    test('records of a topic that is only compacted are not deleted', async (bench) => {
      const topic = await bench.topic(1, { 'cleanup.policy': 'compact' })
      const deleting = (): Promise<unknown> => bench.log.admin.deleteRecords([{ topic, partition: 0, before: 0 }])
      await expectFailure(deleting, 'POLICY_VIOLATION', { where: topic, outcome: 'fatal' })
      await bench.log.admin.alterTopicConfig(topic, { 'cleanup.policy': 'compact,delete' })
      expect(await deleting()).toEqual([0])
    })

    test('transactions are listed by name, described, and filtered', async (bench) => {
      const { admin } = bench.log
      const place = await filled(bench, 0)
      const [open, idle] = [bench.name(), bench.name()]
      const producer = await bench.producer({ transactionalId: open, transactionTimeoutMs: 30_000 })
      await bench.producer({ transactionalId: idle })
      const before = adapter.now()
      const transaction = await producer.begin()
      await transaction.send(batchOf(producer, place))
      const one = await admin.describeTransaction(open)
      expect(one).toMatchObject({ transactionalId: open, state: 'Ongoing', timeoutMs: 30_000, partitions: [place] })
      expect(one.startedAt).toBeGreaterThanOrEqual(before)
      expect(await admin.describeTransaction(idle)).toMatchObject({ state: 'Empty', partitions: [], startedAt: null })
      const names = async (filter?: Parameters<typeof admin.listTransactions>[0]): Promise<string[]> =>
        (await admin.listTransactions(filter))
          .map(({ transactionalId }) => transactionalId)
          .filter((id) => id === open || id === idle)
      expect(await names()).toEqual([open, idle])
      expect(await names({ states: ['Ongoing'] })).toEqual([open])
      expect(await names({ states: ['Empty', 'Ongoing'] })).toEqual([open, idle])
      expect(await names({ producerIds: [one.producerId] })).toEqual([open])
      expect(await names({ olderThanMs: 1_000_000 })).toEqual([])
      expect(await names({ states: ['Empty'], producerIds: [one.producerId] })).toEqual([])
      await transaction.commit()
      expect(await admin.describeTransaction(open)).toMatchObject({ state: 'CompleteCommit', partitions: [], startedAt: null })
      await expectFailure(() => admin.describeTransaction(bench.name()), 'UNKNOWN_TRANSACTIONAL_ID', { outcome: 'fatal' })
      await expectFailure(() => admin.listTransactions({ state: 'Empty' } as never), 'UNKNOWN_OPTION')
      await expectFailure(() => admin.listTransactions({ states: 'Empty' as never }), 'INVALID_OPTION')
      await expectFailure(() => admin.listTransactions({ states: ['Open' as never] }), 'INVALID_OPTION')
      await expectFailure(() => admin.listTransactions({ olderThanMs: NaN }), 'INVALID_OPTION')
    })

    test('an operator aborts an open transaction; its producer hears of it and goes on', async (bench) => {
      const { admin } = bench.log
      const place = await filled(bench, 0)
      const transactionalId = bench.name()
      const producer = await bench.producer({ transactionalId })
      await expectFailure(() => admin.abortTransaction(transactionalId), 'INVALID_TXN_STATE', { outcome: 'fatal' })
      await expectFailure(() => admin.abortTransaction(bench.name()), 'UNKNOWN_TRANSACTIONAL_ID')
      const transaction = await producer.begin()
      await transaction.send(batchOf(producer, place))
      await admin.abortTransaction(transactionalId)
      expect(await admin.describeTransaction(transactionalId)).toMatchObject({ state: 'CompleteAbort' })
      const [stable, latest] = await admin.listOffsets([
        { ...place, at: 'stable' },
        { ...place, at: 'latest' },
      ])
      expect(stable).toBe(latest)
      await expectFailure(() => transaction.commit(), 'INVALID_TXN_STATE')
      await transaction.abort()
      await producer.transact({ batches: [batchOf(producer, place)] })
      expect(await readValues(bench, place)).toEqual(['v'])
      expect(await admin.findHangingTransactions()).toEqual([])
    })

    test('an operator fences producers: what they had open is aborted, and they write nothing more', async (bench) => {
      const { admin } = bench.log
      const place = await filled(bench, 0)
      const transactionalId = bench.name()
      const producer = await bench.producer({ transactionalId })
      const transaction = await producer.begin()
      await transaction.send(batchOf(producer, place))
      await admin.fenceProducers([transactionalId, bench.name()])
      expect(await readValues(bench, place)).toEqual([])
      await expectFailure(() => transaction.send(batchOf(producer, place)), 'PRODUCER_FENCED', { outcome: 'fenced' })
      await transaction[Symbol.asyncDispose]()
      await expectFailure(() => producer.begin(), 'PRODUCER_FENCED')
      const heir = await bench.producer({ transactionalId })
      await heir.transact({ batches: [batchOf(heir, place)] })
      expect(await readValues(bench, place)).toEqual(['v'])
    })
  })
}
