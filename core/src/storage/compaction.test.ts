import { describe, expect, test } from 'vitest'
import { BatchBuilder } from '../record/batch-builder.ts'
import { batchSizeBytes, lastOffsetOf, stampBatch } from '../record/batch-header.ts'
import { toRecords } from '../record/batch-reader.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { compactFolder, type CompactionOptions, type CompactionResult } from './compaction.ts'
import { dirtiness, type DirtinessConfig } from './dirtiness.ts'
import { folderPlace } from './partition-folder.fixtures.ts'
import { PartitionFolder } from './partition-folder.ts'
import { verifyDirectory } from './verify-directory.ts'

const settings = {
  segmentBytes: 400,
  segmentMs: Infinity,
  segmentJitterMs: 0,
  segmentIndexBytes: 1 << 20,
  indexIntervalBytes: 100,
}

const untilOffset = 40

/** Forty records with three keys in eight segments of five, the last of them growing; record n has the time n. */
async function written(world: SimWorld, extra: Partial<typeof settings> = {}): Promise<PartitionFolder> {
  const folder = new PartitionFolder(folderPlace(world.disk, '/t-0', '00'.repeat(16)), { ...settings, ...extra })
  await append(folder, 0, untilOffset)
  await folder.checkpoint()
  return folder
}

async function append(folder: PartitionFolder, from: number, to: number): Promise<void> {
  for (let offset = from; offset < to; offset++) {
    const builder = new BatchBuilder({ maxBytes: 1 << 20 })
    builder.append(`k${offset % 3}`, `v${offset}`, offset)
    const batch = builder.build()
    stampBatch(batch, 0, offset, 0)
    await folder.append([batch])
  }
}

function compact(folder: PartitionFolder, world: SimWorld, extra: Partial<CompactionOptions> = {}): Promise<CompactionResult> {
  return compactFolder(folder, world.clock, {
    startOffset: 0,
    cleanedTo: 0,
    firstUncleanable: folder.completeSegments().at(-1)?.endOffset ?? 0,
    gapsBelow: 0,
    deleteRetentionMs: 1000,
    mapBytes: 1 << 16,
    producers: new Map(),
    abortedTransactions: () => Promise.resolve([]),
    beforeSwap: () => Promise.resolve(),
    exclusively: (work) => work(),
    isCancelled: () => false,
    ...extra,
  })
}

async function offsetsIn(folder: PartitionFolder): Promise<readonly number[]> {
  const seen: number[] = []
  for (let offset = 0; offset < folder.endOffset;) {
    const bytes = await folder.read(offset, 1)
    for (const record of toRecords(bytes.subarray(0, batchSizeBytes(bytes, 0)))) seen.push(record.offset)
    offset = lastOffsetOf(bytes, 0) + 1
  }
  return seen
}

function inWorld(work: (world: SimWorld) => Promise<void>): () => Promise<void> {
  return () => {
    const world = simWorld({ seed: 1 })
    return world.run(() => work(world))
  }
}

describe('compaction', () => {
  test(
    'keeps the latest record of each key, with its offset, and all that lies behind',
    inWorld(async (world) => {
      const folder = await written(world)
      const told: number[] = []
      const result = await compact(folder, world, {
        beforeSwap: (gapsBelow) => {
          told.push(gapsBelow)
          expect(folder.completeSegments()).toHaveLength(7) // nothing is missing yet
          return Promise.resolve()
        },
      })
      expect(result).toMatchObject({ endOffset: 35, cancelled: false, keys: 3, records: { before: 35, after: 3 } })
      expect(told).toEqual([35])
      expect(await offsetsIn(folder)).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
      for (let offset = 0; offset < 32; offset++) {
        const bytes = await folder.read(offset, 1)
        expect(lastOffsetOf(bytes, 0)).toBeGreaterThanOrEqual(offset)
      }
      folder.close()
    }),
  )

  test(
    'merges segments that fit into one the next time, and then finds nothing to change',
    inWorld(async (world) => {
      const folder = await written(world)
      const first = await compact(folder, world)
      const second = await compact(folder, world, { cleanedTo: first.endOffset, gapsBelow: 35 })
      expect(second.segments).toEqual({ before: 7, after: 2 })
      expect(await offsetsIn(folder)).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
      let swaps = 0
      const beforeSwap = (): Promise<void> => Promise.resolve(void swaps++)
      for (let pass = 0; pass < 4; pass++) {
        swaps = 0
        await compact(folder, world, { cleanedTo: 35, gapsBelow: 35, beforeSwap })
      }
      expect([swaps, folder.completeSegments().length]).toEqual([0, 1])
      expect(await offsetsIn(folder)).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
      const { findings } = await verifyDirectory(world.disk, '')
      expect(findings.filter(({ where }) => where !== 'millrace-checkpoint')).toEqual([])
      folder.close()
    }),
  )

  test(
    'a map that is too small cleans as far as it reaches, and comes to the end in several passes',
    inWorld(async (world) => {
      const folder = await written(world)
      const ends: number[] = []
      for (let cleanedTo = 0, gapsBelow = 0; cleanedTo < 35;) {
        const result = await compact(folder, world, {
          cleanedTo,
          gapsBelow,
          mapBytes: 72, // two keys
          beforeSwap: (told) => {
            gapsBelow = told
            return Promise.resolve()
          },
        })
        cleanedTo = result.endOffset
        ends.push(cleanedTo)
      }
      expect(ends.length).toBeGreaterThan(1)
      expect(ends).toEqual([...ends].sort((a, b) => a - b))
      expect(await offsetsIn(folder)).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
      folder.close()
    }),
  )

  test(
    'ends when it is told to, between any two batches, and leaves nothing behind',
    inWorld(async (world) => {
      for (let after = 0; ; after++) {
        const folder = await written(world)
        let asked = 0
        const result = await compact(folder, world, { isCancelled: () => asked++ >= after })
        expect(world.disk.list('/t-0').filter((name) => name.endsWith('.cleaned'))).toEqual([])
        const latest = (await offsetsIn(folder)).filter((offset) => offset >= 32)
        expect(latest).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
        folder.close()
        for (const name of world.disk.list('/t-0')) world.disk.remove(`/t-0/${name}`)
        if (!result.cancelled) break
        expect(result.endOffset).toBe(0)
      }
    }),
  )

  test(
    'gives way to retention, which takes segments away under it',
    inWorld(async (world) => {
      const folder = await written(world)
      await compact(folder, world, { cleanedTo: 0, firstUncleanable: 20 })
      const beforeSwap = (): Promise<void> => Promise.resolve(folder.removeBelow(25))
      const result = await compact(folder, world, { cleanedTo: 20, gapsBelow: 20, beforeSwap })
      expect([result.cancelled, result.endOffset]).toEqual([true, 20])
      expect(folder.completeSegments().map(({ segment }) => segment.baseOffset)).toEqual([25, 30])
      expect(world.disk.list('/t-0').filter((name) => name.endsWith('.cleaned'))).toEqual([])
      const next = await compact(folder, world, { startOffset: 25, cleanedTo: 20, gapsBelow: 35 })
      expect(next.endOffset).toBe(35)
      folder.close()
    }),
  )

  test(
    'leaves a damaged segment as it is and says where',
    inWorld(async (world) => {
      const folder = await written(world)
      const file = world.disk.open('/t-0/00000000000000000010.log')
      await file.write([Buffer.from('x')], 70)
      file.close()
      await expect(compact(folder, world)).rejects.toMatchObject({
        code: 'SEGMENT_DAMAGED',
        where: expect.stringContaining('10.log'),
      })
      expect(folder.completeSegments()).toHaveLength(7)
      folder.close()
    }),
  )

  test.each([
    ['lacks its end', 'a segment does not end where the next one begins'],
    ['lacks a batch in the middle', 'a batch stands in place of another'],
  ])('does not take over a loss: a segment that %s', (what, message) =>
    inWorld(async (world) => {
      const folder = await written(world)
      const path = '/t-0/00000000000000000010.log'
      const content = Buffer.from(world.disk.readFile(path))
      const [first, last] = [batchSizeBytes(content, 0), lastBatchAt(content)]
      const left =
        what === 'lacks its end'
          ? content.subarray(0, last)
          : Buffer.concat([content.subarray(0, first), content.subarray(first + batchSizeBytes(content, first))])
      folder.close()
      const file = world.disk.create(path)
      await file.write([left], 0)
      file.close()
      const again = PartitionFolder.open(
        folderPlace(world.disk, '/t-0', '00'.repeat(16)),
        settings,
        (await folder.checkpoint())!,
        {
          startOffset: 0,
          endOffset: untilOffset,
          isClean: false,
        },
      )
      await expect(compact(again, world)).rejects.toMatchObject({
        code: 'SEGMENT_DAMAGED',
        message: expect.stringContaining(message),
      })
      again.close()
    })(),
  )

  test('lets go of the files of replaced segments', async () => {
    const world = simWorld({ seed: 1, openFilesAtMost: 14 })
    await world.run(async () => {
      const folder = await written(world)
      for (let round = 0; round < 20; round++) {
        const at = folder.endOffset
        await append(folder, at, at + 10)
        await folder.checkpoint()
        const reads = Promise.all([folder.read(0, 1), folder.read(20, 1), folder.offsetBefore(at)])
        await compact(folder, world, { gapsBelow: at })
        await reads
      }
      folder.close()
    })
  })

  test(
    'that overtakes a work of several reads has it done again',
    inWorld(async (world) => {
      const folder = await written(world)
      let times = 0
      const lengths = await folder.whileSegmentsStay(async () => {
        const before = (await folder.read(0, 1000)).length
        if (times++ === 0) await compact(folder, world)
        return [before, (await folder.read(0, 1000)).length]
      })
      expect([times, lengths[0]]).toEqual([2, lengths[1]])
      folder.close()
    }),
  )
})

function lastBatchAt(content: Buffer): number {
  let at = 0
  while (at + batchSizeBytes(content, at) < content.length) at += batchSizeBytes(content, at)
  return at
}

describe('a disk that fails', () => {
  const operations = ['create', 'write', 'dataSync', 'rename', 'remove', 'syncFolder'] as const
  test.each(operations)(
    'while compaction does %s leaves what was there, or says that it must be opened again',
    async (operation) => {
      for (let nth = 1; ; nth++) {
        const world = simWorld({ seed: 1 })
        const isOver = await world.run(async () => {
          const folder = await written(world)
          const mark = (await folder.checkpoint())!
          world.disk.faults.add({ operation, nth, error: 'EIO' })
          const error: unknown = await compact(folder, world).then(
            () => null,
            (cause: unknown) => cause,
          )
          world.disk.faults.heal()
          if (error === null) return true
          const isTorn = (error as { readonly code: string }).code === 'SWAP_UNFINISHED'
          const reader = isTorn
            ? PartitionFolder.open(folderPlace(world.disk, '/t-0', '00'.repeat(16)), settings, mark, {
                startOffset: 0,
                endOffset: untilOffset,
                isClean: false,
              })
            : folder
          const seen = await offsetsIn(reader)
          expect(seen.filter((offset) => offset >= 32)).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
          await compact(reader, world, { gapsBelow: 35 })
          expect(await offsetsIn(reader)).toEqual([32, 33, 34, 35, 36, 37, 38, 39])
          reader.close()
          return false
        })
        if (isOver) break
        expect(nth).toBeLessThan(200)
      }
    },
  )
})

describe('dirtiness', () => {
  const always: DirtinessConfig = { minCleanableDirtyRatio: 0.5, minCompactionLagMs: 0, maxCompactionLagMs: Infinity }
  const everything = { startOffset: 0, cleanedTo: 0, lastStableOffset: untilOffset, checkpointedOffset: 35 }

  test.each([
    ['all complete segments', {}, {}, 35, true],
    ['not behind the last stable offset', { lastStableOffset: 12 }, {}, 10, true],
    ['not what a crash would cut off', { checkpointedOffset: 20 }, {}, 20, true],
    ['not what is too young: record 22 is from 78 ms ago', {}, { minCompactionLagMs: 78 }, 20, true],
    ['nothing when the first is too young', {}, { minCompactionLagMs: 97 }, 0, false],
    ['a little that is dirty waits', { cleanedTo: 20 }, {}, 35, false],
    ['unless it is old', { cleanedTo: 20 }, { maxCompactionLagMs: 79 }, 35, true],
    ['and not before', { cleanedTo: 20 }, { maxCompactionLagMs: 80 }, 35, false],
    ['nothing is dirty', { cleanedTo: 35 }, { minCleanableDirtyRatio: 0 }, 35, false],
    ['what is below the start of the log does not count', { startOffset: 15, cleanedTo: 20 }, {}, 35, true],
  ] as const)('%s', (_, range, config, firstUncleanable, isDue) =>
    inWorld(async (world) => {
      const folder = await written(world)
      const found = await dirtiness(folder, { ...everything, ...range }, 100, { ...always, ...config })
      expect([found.firstUncleanable, found.isDue]).toEqual([firstUncleanable, isDue])
      folder.close()
    })(),
  )
})
