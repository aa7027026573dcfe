import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchBuilder } from '../record/batch-builder.ts'
import { baseOffsetOf, lastOffsetOf, stampBatch } from '../record/batch-header.ts'
import { simWorld } from '../simulation/sim-world.ts'
import { folderDefaults, folderPlace } from './partition-folder.fixtures.ts'
import { PartitionFolder } from './partition-folder.ts'

/** Batches with these counts of records and sizes of values, one behind the other. */
function batchesOf(shapes: readonly (readonly [records: number, valueBytes: number])[]): Uint8Array[] {
  let offset = 0
  return shapes.map(([records, valueBytes]) => {
    const builder = new BatchBuilder({ maxBytes: 1 << 20 })
    for (let index = 0; index < records; index++) builder.append(null, 'x'.repeat(valueBytes), offset + index)
    const batch = builder.build()
    stampBatch(batch, 0, offset, 0)
    offset += records
    return batch
  })
}

const shapes = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3000 })), {
  minLength: 1,
  maxLength: 40,
})

test('a read begins with the batch that holds the offset, wherever chunks and segments are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      shapes,
      fc.integer({ min: 500, max: 30_000 }),
      fc.integer({ min: 1, max: 20_000 }),
      async (given, segmentBytes, maxBytes) => {
        const world = simWorld({ seed: 1 })
        await world.run(async () => {
          const folder = new PartitionFolder(folderPlace(world.disk, '/t-0', '00'.repeat(16)), {
            ...folderDefaults,
            segmentBytes,
          })
          await folder.append(batchesOf(given))
          for (let offset = 0; offset < folder.endOffset; offset++) {
            const found = await folder.read(offset, maxBytes)
            expect(baseOffsetOf(found, 0)).toBeLessThanOrEqual(offset)
            expect(lastOffsetOf(found, 0)).toBeGreaterThanOrEqual(offset)
          }
          expect(await folder.read(folder.endOffset, maxBytes)).toHaveLength(0)
          folder.close()
        })
      },
    ),
    { numRuns: 60 },
  )
})
