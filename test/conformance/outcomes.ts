import { coreErrorRows, type MillraceError, type Outcome } from '@millrace/core'
import { expect } from 'vitest'
import type { LogAdapter } from './adapter.ts'
import { expectFailure, readValues, send, suite, type Bench } from './bench.ts'

/**
 * What a program may do after an error: it stands in the error, and it is true.
 *
 * `unknownOutcome` needs a disk or a network that fails; the embedded log has it in core/src/open: log-faults.test.ts,
 * transaction-faults.test.ts.
 */
export function outcomes(adapter: LogAdapter): void {
  suite(adapter, 'outcomes', (test) => {
    const failureOf = async (call: () => unknown): Promise<MillraceError> => {
      try {
        await call()
      } catch (error) {
        return error as MillraceError
      }
      throw new Error('it did not fail')
    }
    const sendOne = async (bench: Bench, topic: string, value: string): Promise<number> =>
      send(await bench.producer(), { topic, partition: 0 }, [value], adapter.now())

    test('retriable: nothing happened, and the same call is taken later', async (bench) => {
      const topic = await bench.topic()
      const producer = await bench.producer({ maxBufferedBytes: 100 })
      const value = 'x'.repeat(90)
      let taken = 0
      const append = (): void => {
        for (; ; taken++) producer.append(topic, null, value)
      }
      expect(await failureOf(append)).toMatchObject({ code: 'BUFFER_FULL', outcome: 'retriable', fault: 'caller' })
      await producer.ready()
      producer.append(topic, null, 'again')
      await producer.flush()
      expect(await readValues(bench, { topic, partition: 0 })).toEqual([...Array.from({ length: taken }, () => value), 'again'])
    })

    test('fatal: nothing happened, and the same call fails again', async (bench) => {
      const topic = await bench.topic()
      const calls: readonly (() => unknown)[] = [
        () => sendOne(bench, bench.name(), 'v'),
        () => bench.log.admin.createTopics([{ topic, partitions: 1 }]),
        () => bench.log.admin.deleteTopics([bench.name()]),
        () => bench.log.admin.deleteRecords([{ topic, partition: 0, before: 5 }]),
      ]
      for (const call of calls) {
        const first = await failureOf(call)
        expect(first.outcome).toBe('fatal')
        expect(await failureOf(call)).toMatchObject({ code: first.code, outcome: 'fatal' })
      }
      expect(await sendOne(bench, topic, 'v')).toBe(0)
    })

    test('fenced: another has taken over, and goes on', async (bench) => {
      const transactionalId = bench.name()
      const topic = await bench.topic()
      const old = await bench.producer({ transactionalId })
      const heir = await bench.producer({ transactionalId })
      const work = (): Parameters<typeof old.transact>[0] => ({ batches: [], offsets: { group: 'g', positions: [] } })
      expect(await failureOf(() => old.transact(work()))).toMatchObject({ outcome: 'fenced', fault: 'caller' })
      const batch = heir.batch(topic, 0)
      batch.append(null, 'heir', adapter.now())
      await heir.transact({ batches: [batch] })
      expect(await readValues(bench, { topic, partition: 0 })).toEqual(['heir'])
    })

    for (const bad of [null, undefined, 5, 'topic', {}, [null]] as never[]) {
      test(`what is no list of topics, partitions or positions is refused: ${JSON.stringify(bad)}`, async (bench) => {
        const { admin } = bench.log
        const consumer = await bench.consumer({ group: bench.name() })
        const calls: readonly (() => unknown)[] = [
          () => admin.createTopics(bad),
          () => admin.deleteTopics(bad),
          () => admin.describeTopics(bad),
          () => admin.deleteRecords(bad),
          () => admin.listOffsets(bad),
          () => admin.alterGroupOffsets(bench.name(), bad),
          () => admin.resetGroupOffsets(bench.name(), bad, 'latest'),
          () => consumer.assign(bad),
        ]
        for (const call of calls) await expectFailure(call, 'INVALID_OPTION')
      })
    }

    test('a key, a batch, metadata and an epoch of another kind are refused', async (bench) => {
      const topic = await bench.topic(3)
      const place = { topic, partition: 0 }
      const producer = await bench.producer()
      const consumer = await bench.consumer({ group: bench.name() })
      for (const bad of [undefined, 5, {}] as never[]) {
        await expectFailure(() => producer.append(topic, bad, 'v'), 'INVALID_OPTION', { where: 'key' })
        await expectFailure(() => producer.partitionOf(topic, bad), 'INVALID_OPTION', { where: 'key' })
        await expectFailure(() => producer.send(bad), 'INVALID_OPTION')
      }
      await expectFailure(() => consumer.commit([{ ...place, offset: 0, metadata: 5 as never }]), 'INVALID_OPTION')
      for (const leaderEpoch of [1.5, -2, NaN, 2 ** 31]) {
        await expectFailure(() => consumer.commit([{ ...place, offset: 0, leaderEpoch }]), 'NUMBER_OUT_OF_RANGE')
      }
    })

    test('every row of the catalogue has one of the four, whose fault it is, and what to do', async () => {
      const all: readonly Outcome[] = ['retriable', 'fenced', 'unknownOutcome', 'fatal']
      for (const { outcome, fault, todo } of Object.values(coreErrorRows)) {
        expect(all).toContain(outcome)
        expect(['caller', 'world', 'bug']).toContain(fault)
        expect(todo).toMatch(/^[A-Z].*\.$/)
      }
      expect(new Set(Object.values(coreErrorRows).map(({ outcome }) => outcome))).toEqual(new Set(all))
    })
  })
}
