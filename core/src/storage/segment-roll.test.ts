import { describe, expect, test } from 'vitest'
import { BatchBuilder } from '../record/batch-builder.ts'
import { stampBatch } from '../record/batch-header.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { folderDefaults, folderPlace } from './partition-folder.fixtures.ts'
import { PartitionFolder, type PartitionFolderOptions } from './partition-folder.ts'
import { segmentBases } from './folder-files.ts'

function batchAt(offset: number, timestamp: number): Uint8Array {
  const builder = new BatchBuilder()
  builder.append('k', 'v'.repeat(100), timestamp)
  const batch = builder.build()
  stampBatch(batch, 0, offset, 0)
  return batch
}

/** The base offsets after one append a batch, or all in one. */
async function basesOf(
  options: Partial<PartitionFolderOptions>,
  timestamps: readonly number[],
  atOnce = false,
): Promise<number[]> {
  const world = simWorld({ seed: 1 })
  return world.run(async () => {
    const folder = new PartitionFolder(folderPlace(world.disk, '/t-0', '00'.repeat(16)), { ...folderDefaults, ...options })
    const batches = timestamps.map((timestamp, offset) => batchAt(offset, timestamp))
    for (const some of atOnce ? [batches] : batches.map((batch) => [batch])) await folder.append(some)
    folder.close()
    return segmentBases(world.disk, '/t-0')
  })
}

describe.each([false, true])('a segment is closed (appended at once: %s)', (atOnce) => {
  test('when its size is reached', async () => {
    expect(await basesOf({ segmentBytes: 400 }, [1, 1, 1, 1, 1], atOnce)).toEqual([0, 2, 4])
  })

  test('when a record is older than segment.ms by the time of its records', async () => {
    expect(await basesOf({ segmentMs: 10 }, [100, 110, 111, 105, 121, 122], atOnce)).toEqual([0, 2, 5])
  })

  test('not by records without a time', async () => {
    expect(await basesOf({ segmentMs: 10 }, [-1, 5, 1000], atOnce)).toEqual([0])
  })

  test('when an index is full', async () => {
    // Every batch but the first of a segment makes an entry: 12 bytes of time index each, one place kept for the last.
    expect(await basesOf({ segmentIndexBytes: 36, indexIntervalBytes: 0 }, [1, 2, 3, 4, 5, 6], atOnce)).toEqual([0, 3])
  })

  test('earlier by a jitter that differs from segment to segment and is always the same', async () => {
    const options = { segmentMs: 1000, segmentJitterMs: 900 }
    const times = Array.from({ length: 40 }, (_, index) => index * 100)
    const bases = await basesOf(options, times, atOnce)
    expect(bases).toEqual(await basesOf(options, times, !atOnce))
    expect(new Set(bases.slice(1).map((base, index) => base - bases[index]!)).size).toBeGreaterThan(1)
  })
})
