import { expect, test } from 'vitest'
import type { PartitionLog } from '../log/partition-log.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { compactFolder } from '../storage/compaction.ts'
import { openSimulatedLog } from './simulated-log.ts'

const place = { topic: 't', partition: 0 }

async function compact(world: SimWorld, log: PartitionLog): Promise<number> {
  const { endOffset } = await compactFolder(log.folder, world.clock, {
    startOffset: 0,
    cleanedTo: 0,
    firstUncleanable: log.folder.completeSegments().at(-1)!.endOffset,
    gapsBelow: log.gapsBelow,
    deleteRetentionMs: 0,
    mapBytes: 1 << 16,
    producers: log.producers.lastOfEach(),
    abortedTransactions: (from, to) => log.abortedTransactions(from, to),
    beforeSwap: (gapsBelow) => {
      log.gapsBelow = gapsBelow
      return Promise.resolve()
    },
    exclusively: (work) => work(),
    isCancelled: () => false,
  })
  return endOffset
}

test('consumers read over the gaps of a compacted partition to its end, and producers go on', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { broker, log } = await openSimulatedLog(world)
    await log.admin.createTopics([{ topic: 't', partitions: 1, config: { 'segment.bytes': '500' } }])
    const producer = await log.producer({ transactionalId: 'a' })
    for (let round = 0; round < 20; round++) {
      const batch = producer.batch('t', 0)
      batch.append(`k${round % 2}`, `v${round}`, round)
      if (round % 5 === 4) {
        const transaction = await producer.begin()
        await transaction.send(batch)
        await transaction.abort()
      } else await producer.transact({ batches: [batch] })
    }
    await broker.directory.checkpoint()
    const partition = broker.topics.log(place)
    for (let pass = 0; pass < 3; pass++) expect(await compact(world, partition)).toBeGreaterThan(20)

    for (const start of [0, 3, 17]) {
      const consumer = await log.consumer({ isolation: 'read_committed' })
      await consumer.assign([{ ...place, offset: start }])
      const values = new Map<string, string>()
      while (consumer.position(place) < partition.highWatermark) {
        for (const batch of await consumer.poll({ timeoutMs: 0, maxBytes: 1 })) {
          for (const { key, value, offset } of batch.toArray()) {
            expect(offset).toBeGreaterThanOrEqual(start)
            values.set(key!.toString(), value!.toString())
          }
        }
      }
      expect(values).toEqual(
        new Map([
          ['k1', 'v17'],
          ['k0', 'v18'],
        ]),
      )
    }
    const batch = producer.batch('t', 0)
    batch.append('k0', 'after', 100)
    await producer.transact({ batches: [batch] })
    await log.close()
  })
})
