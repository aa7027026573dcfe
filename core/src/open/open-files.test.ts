import { expect, test } from 'vitest'
import { simWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog, tinyGeometry } from './simulated-log.ts'

const partitions = 60
/** Beside those of segments: two journal files, the folder's lock, and what a checkpoint has open while it writes it. */
const otherFiles = 6

test('many partitions that are written and read keep few files open', { timeout: 30_000 }, async () => {
  const world = simWorld({ seed: 1 })
  let most = 0
  world.disk.onStep(() => {
    most = Math.max(most, world.disk.openFiles)
  })
  await world.run(async () => {
    const { log, broker } = await openSimulatedLog(world)
    await log.admin.createTopics([{ topic: 't', partitions, config: { 'segment.bytes': '600', 'retention.ms': '-1' } }])
    const producer = await log.producer()
    for (let round = 0; round < 12; round++) {
      for (let partition = 0; partition < partitions; partition++)
        producer.append('t', null, `${round}`.padEnd(100, '.'), { partition, timestamp: round })
      await producer.flush()
    }
    await broker.directory.checkpoint()
    expect(world.disk.openFiles).toBeLessThanOrEqual(tinyGeometry.openSegments.openFiles + otherFiles)

    const consumer = await log.consumer()
    await consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic: 't', partition, offset: 0 })))
    for (let records = 0; records < 12 * partitions;) for (const batch of await consumer.poll()) records += batch.count
    await log.admin.listOffsets(Array.from({ length: partitions }, (_, partition) => ({ topic: 't', partition, at: 6 })))
    expect(world.disk.openFiles).toBeLessThanOrEqual(tinyGeometry.openSegments.openFiles + otherFiles)
    await log.close()
  })
  expect(most).toBeLessThan(partitions)
  expect(world.disk.openFiles).toBe(0)
})
