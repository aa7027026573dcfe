import { describe, expect, test } from 'vitest'
import type { MillraceError } from '../base/errors.ts'
import type { DiskImage } from '../simulation/crash-image.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { verifyDirectory } from '../storage/verify-directory.ts'
import { openSimulatedLog } from './simulated-log.ts'

const places = [
  { topic: 'a', partition: 0 },
  { topic: 'b', partition: 0 },
]

/** A log with ten single records in each of two topics, all acknowledged; closed, or killed. */
async function written(ending: 'closed' | 'killed'): Promise<DiskImage> {
  const world = simWorld({ seed: 1 })
  await world.run(async () => {
    const { log } = await openSimulatedLog(world)
    await log.admin.createTopics(places.map(({ topic }) => ({ topic, partitions: 1, config: { 'segment.bytes': '400' } })))
    const producer = await log.producer()
    for (let index = 0; index < 10; index++) {
      for (const { topic } of places) producer.append(topic, null, `${topic}${index}`, { timestamp: index })
      await producer.flush()
    }
    if (ending === 'closed') await log.close()
  })
  return world.disk.image('kill9', 'most')
}

async function valuesOf(world: SimWorld, topic: string, from = 0): Promise<string[]> {
  const { log } = await openSimulatedLog(world)
  try {
    const consumer = await log.consumer()
    await consumer.assign([{ topic, partition: 0, offset: from }])
    const values: string[] = []
    for (let batches = await consumer.poll(); batches.length > 0; batches = await consumer.poll()) {
      for (const batch of batches) values.push(...batch.toArray().map(({ value }) => String(value)))
    }
    return values
  } finally {
    await log.close()
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error as MillraceError).code,
  )
}

/** Runs on a copy of the directory, after something was done to its files. */
async function after<T>(
  ending: 'closed' | 'killed',
  harm: (world: SimWorld) => void | Promise<void>,
  work: (world: SimWorld) => Promise<T>,
): Promise<T> {
  const world = simWorld({ seed: 2, disk: await written(ending) })
  return world.run(async () => {
    await harm(world)
    return work(world)
  })
}

const all = (topic: string): string[] => Array.from({ length: 10 }, (_, index) => `${topic}${index}`)
/** Where the frames of the journal begin, and what stands in them is of no use to know here. */
const blockBytes = 512

describe('SEC-19: a damaged data directory', () => {
  test('without harm gives everything back', async () => {
    for (const ending of ['closed', 'killed'] as const) {
      expect(
        await after(
          ending,
          () => {},
          (world) => valuesOf(world, 'a'),
        ),
      ).toEqual(all('a'))
    }
  })

  test('with a flipped bit in a journal frame that others follow refuses to open, and changes nothing', async () => {
    const outcome = await after(
      'killed',
      (world) => world.disk.rot('/log/millrace-journal-0', 3 * blockBytes + 60, 1),
      async (world) => {
        const before = world.disk.image('kill9', 'most').fingerprint()
        const code = await codeOf(openSimulatedLog(world))
        return { code, changed: lockless(world) !== before && world.disk.list('/log').includes('millrace-checkpoint.tmp') }
      },
    )
    expect(outcome).toEqual({ code: 'JOURNAL_DAMAGED', changed: false })
  })

  test('with a torn last frame of the journal loses that frame alone', async () => {
    const found = await after(
      'killed',
      (world) => {
        for (let at = 16 * blockBytes - 1; at >= 0; at--) {
          const journal = world.disk.readFile('/log/millrace-journal-0')
          if (at < journal.length && journal[at] !== 0) return world.disk.rot('/log/millrace-journal-0', at, 1)
        }
      },
      async (world) => ({ a: await valuesOf(world, 'a'), b: await valuesOf(world, 'b') }),
    )
    expect(all('a').join()).toContain(found.a.join())
    expect(found.a.length).toBeGreaterThanOrEqual(9)
    expect(found.b.length).toBe(found.a.length)
  })

  test('with a journal file of another size refuses to open', async () => {
    const harm = (world: SimWorld): void => world.disk.truncate('/log/millrace-journal-0', 100)
    expect(await after('killed', harm, (world) => codeOf(openSimulatedLog(world)))).toBe('JOURNAL_DAMAGED')
  })

  test('with a flipped bit in the checkpoint refuses to open', async () => {
    const harm = (world: SimWorld): void => world.disk.rot('/log/millrace-checkpoint', 30, 4)
    expect(await after('closed', harm, (world) => codeOf(openSimulatedLog(world)))).toBe('CHECKPOINT_DAMAGED')
  })

  test('with a flipped bit in a segment refuses that range, and goes on with the rest', async () => {
    const harm = (world: SimWorld): void => world.disk.rot('/log/a-0/00000000000000000000.log', 70, 1)
    const outcome = await after('closed', harm, async (world) => ({
      range: await codeOf(valuesOf(world, 'a')),
      behind: await valuesOf(world, 'a', 9),
      other: await valuesOf(world, 'b'),
      report: (await verifyDirectory(world.disk, '/log')).findings.map(({ where }) => where),
    }))
    expect(outcome).toEqual({
      range: 'SEGMENT_DAMAGED',
      behind: ['a9'],
      other: all('b'),
      report: ['a-0/00000000000000000000.log'],
    })
  })

  test('with a segment cut short refuses that partition, and goes on with the others', async () => {
    const harm = (world: SimWorld): void => {
      const last = world.disk
        .list('/log/a-0')
        .filter((name) => name.endsWith('.log'))
        .at(-1)!
      world.disk.truncate(`/log/a-0/${last}`, 10)
    }
    const outcome = await after('closed', harm, async (world) => ({
      a: await codeOf(valuesOf(world, 'a')),
      b: await valuesOf(world, 'b'),
    }))
    expect(outcome).toEqual({ a: 'SEGMENT_DAMAGED', b: all('b') })
  })

  test('leaves a folder that no topic knows alone, and refuses to write a new topic over it', async () => {
    const outcome = await after(
      'closed',
      async (world) => {
        world.disk.makeFolder('/log/strange-0')
        world.disk.create('/log/strange-0/00000000000000000000.log').close()
      },
      async (world) => {
        const { log } = await openSimulatedLog(world)
        const creating = await codeOf(log.admin.createTopics([{ topic: 'strange', partitions: 1 }]))
        await log.close()
        return { creating, there: world.disk.list('/log/strange-0') }
      },
    )
    expect(outcome).toEqual({ creating: 'FOLDER_UNKNOWN', there: ['00000000000000000000.log'] })
  })
})

function lockless(world: SimWorld): string {
  return world.disk.image('kill9', 'most').fingerprint()
}
