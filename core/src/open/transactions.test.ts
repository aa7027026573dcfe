import { describe, expect, test } from 'vitest'
import { simWorld } from '../simulation/sim-world.ts'
import { committedValues } from './committed-values.fixtures.ts'
import { openSimulatedLog, type SimulatedLog } from './simulated-log.ts'

const a0 = { topic: 'a', partition: 0 }
const a1 = { topic: 'a', partition: 1 }

async function inLog(work: (opened: SimulatedLog, world: ReturnType<typeof simWorld>) => Promise<void>): Promise<void> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const opened = await openSimulatedLog(world)
    await opened.log.admin.createTopics([{ topic: 'a', partitions: 2 }])
    await work(opened, world)
    await opened.log.close()
  })
}

describe('a transaction that is begun', () => {
  test('is seen at once in all partitions when it is committed, and not before', async () => {
    await inLog(async ({ log }) => {
      const producer = await log.producer({ transactionalId: 't' })
      const transaction = await producer.begin()
      transaction.append('a', null, 'one', { partition: 0 })
      transaction.append('a', null, 'two', { partition: 1 })
      await producer.flush()
      expect(await committedValues(log, a0)).toEqual([])
      expect(await committedValues(log, a0, 'read_uncommitted')).toEqual(['one'])
      const batch = producer.batch('a', 1)
      batch.append(null, 'three', 0)
      await transaction.send(batch)
      await transaction.sendOffsets({ group: 'g', positions: [{ ...a0, offset: 7 }] })
      expect(await log.admin.groupOffsets('g')).toEqual([])
      await transaction.commit()
      expect(await committedValues(log, a0)).toEqual(['one'])
      expect(await committedValues(log, a1)).toEqual(['two', 'three'])
      expect(await log.admin.groupOffsets('g')).toMatchObject([{ offset: 7 }])
    })
  })
})
