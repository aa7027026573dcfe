import { describe, expect, test } from 'vitest'
import type { ConsumedBatch, Consumer } from '../client/consumer.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog, type SimulatedLog } from './simulated-log.ts'

async function inLog(work: (log: SimulatedLog['log'], world: ReturnType<typeof simWorld>) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await work(log, world)
    await log.close()
  })
}

async function fill(log: SimulatedLog['log'], topic: string, partitions: number, each: number): Promise<void> {
  await log.admin.createTopics([{ topic, partitions }])
  await append(log, topic, partitions, each)
}

async function append(log: SimulatedLog['log'], topic: string, partitions: number, each: number): Promise<void> {
  const producer = await log.producer()
  for (let partition = 0; partition < partitions; partition++) {
    const batch = producer.batch(topic, partition)
    for (let at = 0; at < each; at++) batch.append(null, `${partition}/${at}`, 0)
    await producer.send(batch)
  }
  await producer.close()
}

const values = (batches: readonly ConsumedBatch[]): string[] =>
  batches.flatMap((batch) => batch.toArray().map(({ value }) => Buffer.from(value!).toString()))

const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)
const owned = (...consumers: Consumer[]): number[] =>
  sorted(consumers.flatMap((consumer) => consumer.assignment().map(({ partition }) => partition)))

describe('groups', () => {
  test('two members share the partitions, and commit', async () => {
    await inLog(async (log) => {
      await fill(log, 't', 4, 3)
      const a = await log.consumer({ group: 'g', reset: 'earliest' })
      a.subscribe(['t'])
      expect(values(await a.poll({ timeoutMs: 1000 }))).toHaveLength(12)
      expect(owned(a)).toEqual([0, 1, 2, 3])
      await a.commit()
      expect(await log.admin.groupOffsets('g')).toHaveLength(4)

      const b = await log.consumer({ group: 'g', reset: 'earliest' })
      b.subscribe(['t'])
      await Promise.all([a.poll({ timeoutMs: 1000 }), b.poll({ timeoutMs: 1000 })])
      expect(owned(a)).toHaveLength(2)
      expect(owned(a, b)).toEqual([0, 1, 2, 3])
      expect((await log.admin.groupLag('g')).every(({ lag }) => lag === 0)).toBe(true)
      const [group] = await log.admin.describeGroups(['g'])
      expect(group).toMatchObject({ state: 'Stable', assignor: 'cooperative-sticky' })
      expect(group?.members).toHaveLength(2)
      await b.close()
      await a.poll({ timeoutMs: 1000 })
      expect(owned(a)).toEqual([0, 1, 2, 3])
    })
  })
})
