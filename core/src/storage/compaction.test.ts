import { expect, test } from 'vitest'
import { BatchBuilder } from '../record/batch-builder.ts'
import { batchSizeBytes, lastOffsetOf, stampBatch } from '../record/batch-header.ts'
import { toRecords } from '../record/batch-reader.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { compactFolder } from './compaction.ts'
import { PartitionFolder } from './partition-folder.ts'

const options = {
  segmentBytes: 400,
  segmentMs: Infinity,
  segmentJitterMs: 0,
  segmentIndexBytes: 1 << 20,
  indexIntervalBytes: 100,
}

test('of each key the latest record stays, with its offset', async () => {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const folder = new PartitionFolder(world.disk, '/t-0', '00'.repeat(16), options)
    for (let offset = 0; offset < 40; offset++) {
      const builder = new BatchBuilder({ maxBytes: 1 << 20 })
      builder.append(`k${offset % 3}`, `v${offset}`, offset)
      const batch = builder.build()
      stampBatch(batch, 0, offset, 0)
      await folder.append([batch])
    }
    const mark = await folder.checkpoint()
    const result = await compactFolder(folder, world.clock, {
      startOffset: 0,
      cleanedTo: 0,
      firstUncleanable: mark!.active.baseOffset,
      gapsBelow: 0,
      deleteRetentionMs: 1000,
      mapBytes: 1 << 16,
      producers: new Map(),
      abortedTransactions: () => Promise.resolve([]),
      beforeSwap: () => Promise.resolve(),
      exclusively: (work) => work(),
      isCancelled: () => false,
    })
    expect(result.endOffset).toBe(mark!.active.baseOffset)
    expect(result.records).toEqual({ before: 35, after: 3 })
    const seen: number[] = []
    for (let offset = 0; offset < folder.endOffset;) {
      const bytes = await folder.read(offset, 1)
      const size = batchSizeBytes(bytes, 0)
      for (const record of toRecords(bytes.subarray(0, size))) seen.push(record.offset)
      offset = lastOffsetOf(bytes, 0) + 1
    }
    expect(seen).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
    folder.close()
  })
})
