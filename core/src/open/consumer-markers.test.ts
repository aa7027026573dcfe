import { expect, test } from 'vitest'
import { openSimulatedLog } from './simulated-log.ts'
import { simWorld } from '../simulation/sim-world.ts'

const place = { topic: 't', partition: 0 }

test('a waiting poll goes past a marker to the data behind it without waiting', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await log.admin.createTopics([{ topic: 't', partitions: 1 }])
    const producer = await log.producer({ transactionalId: 'a' })
    for (const value of ['one', 'two']) {
      const batch = producer.batch('t', 0)
      batch.append(null, value, 0)
      await producer.transact({ batches: [batch] })
    }
    const consumer = await log.consumer()
    await consumer.assign([{ ...place, offset: 1 }]) // the marker of the first transaction
    const before = world.clock.monotonic()
    const [batch] = await consumer.poll({ timeoutMs: 60_000, maxBytes: 1 })
    expect(batch?.toArray().map(({ offset }) => offset)).toEqual([2])
    expect(world.clock.monotonic() - before).toBeLessThan(1000)
    await log.close()
  })
})
