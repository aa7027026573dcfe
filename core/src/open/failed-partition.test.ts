import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { DiskFault } from '../simulation/fault-plan.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { verifyDirectory } from '../storage/verify-directory.ts'
import { History } from './log-history.fixtures.ts'
import { openSimulatedLog, tinyGeometry } from './simulated-log.ts'

/** The failing one, and one that must not notice. */
const bad = { topic: 'a', partition: 0 }
const good = { topic: 'b', partition: 0 }
const brokenSegment: DiskFault = { operation: 'write', path: /\/a-0\//, nth: 3, error: 'EIO', times: 'forever' }
/** So many records that the journal turns a dozen times. */
const rounds = 200

function strandedFiles(world: SimWorld): readonly string[] {
  return world.disk.list('/log').filter((name) => name.startsWith('millrace-stranded-'))
}

/** Writes to both, as long as each takes it. Returns what the failing one answered in the end. */
async function fill(world: SimWorld, history: History): Promise<string> {
  const { log } = await openSimulatedLog(world)
  await log.admin.createTopics([
    { topic: 'a', partitions: 2 },
    { topic: 'b', partitions: 1 },
  ])
  const producer = await log.producer()
  let refused = ''
  for (let round = 0; round < rounds; round++) {
    if (refused === '') refused = await append(history, () => history.append(producer, bad, [`b${round}`.padEnd(100, '.')]))
    expect(await append(history, () => history.append(producer, good, [`g${round}`.padEnd(300, '.')]))).toBe('')
  }
  await log.close()
  return refused
}

async function append(history: History, work: () => Promise<void>): Promise<string> {
  const before = history.submissions.length
  try {
    await work()
    return ''
  } catch (error) {
    history.submissions.length = before
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

describe('a partition whose segments cannot be written', () => {
  test('stops no other, however much they write, and has everything after the repair', async () => {
    const world = simWorld({ seed: 1, faults: [brokenSegment] })
    const history = new History()
    await world.run(async () => {
      expect(await fill(world, history)).toBe('PARTITION_FENCED')
      expect(strandedFiles(world)).toHaveLength(1)
      expect((await verifyDirectory(world.disk, '/log')).findings).toEqual([])
    })

    const repaired = simWorld({ seed: 2, disk: world.disk.image('any', 'least') })
    await repaired.run(async () => {
      const { log } = await openSimulatedLog(repaired)
      expect(await history.check(log, history.acknowledged)).toBe(history.submissions.length)
      await history.append(await log.producer(), bad, ['goes on'])
      await log.close()
      expect(strandedFiles(repaired)).toEqual([])
    })
    await repaired.run(async () => {
      const { log } = await openSimulatedLog(repaired)
      expect(await history.check(log, history.acknowledged)).toBe(history.submissions.length)
      await log.close()
    })
  })

  test('has everything after a crash at any step', { timeout: 120_000 }, async () => {
    const history = new History()
    const world = simWorld({ seed: 1, faults: [brokenSegment] })
    const images: { readonly world: SimWorld; readonly acknowledged: number }[] = []
    world.disk.onStep(({ n }) => {
      if (n % 11 !== 0) return
      for (const survival of ['least', 'most'] as const)
        images.push({
          world: simWorld({ seed: n, disk: world.disk.image('any', survival) }),
          acknowledged: history.acknowledged,
        })
    })
    await world.run(() => fill(world, history).then(() => undefined))
    expect(images.length).toBeGreaterThan(200)
    for (const { world: after, acknowledged } of images) {
      await after.run(async () => {
        const { log } = await openSimulatedLog(after)
        await history.check(log, acknowledged)
        await log.close()
        expect(strandedFiles(after)).toEqual([])
      })
    }
  })

  test('cannot be opened: what the journal has of it is kept until it can', async () => {
    const world = simWorld({ seed: 1 })
    const history = new History()
    await world.run(async () => {
      const { log } = await openSimulatedLog(world)
      await log.admin.createTopics([
        { topic: 'a', partitions: 2 },
        { topic: 'b', partitions: 1 },
      ])
      const producer = await log.producer()
      for (let round = 0; round < 10; round++) await history.append(producer, bad, [`b${round}`.padEnd(100, '.')])
    })
    const broken = simWorld({
      seed: 2,
      disk: world.disk.image('kill9', 'most'),
      faults: [{ path: /\/a-0\/0/, error: 'EIO', times: 'forever' }],
    })
    await broken.run(async () => {
      for (let open = 0; open < 2; open++) {
        const { log } = await openSimulatedLog(broken)
        const producer = await log.producer()
        for (let round = 0; round < rounds / 2; round++) await history.append(producer, good, [`g${round}`.padEnd(300, '.')])
        await log.close()
        expect(strandedFiles(broken)).toHaveLength(1)
      }
    })
    const repaired = simWorld({ seed: 3, disk: broken.disk.image('any', 'least') })
    await repaired.run(async () => {
      const { log } = await openSimulatedLog(repaired)
      expect(await history.check(log, history.acknowledged)).toBe(history.submissions.length)
      await log.close()
    })
  })

  test('is in a back-up, and lets go of its file with its topic', async () => {
    const world = simWorld({ seed: 1, faults: [brokenSegment] })
    const history = new History()
    await world.run(async () => {
      await fill(world, history)
      const { log } = await openSimulatedLog(world)
      await log.admin.backUp({ to: '/safe' })
      const copy = await openSimulatedLog(world, 'sync', tinyGeometry, '/safe')
      expect(await history.check(copy.log, history.acknowledged)).toBe(history.submissions.length)
      await copy.log.close()
      await log.admin.deleteTopics(['a'])
      await log.close()
      expect(strandedFiles(world)).toEqual([])
    })
  })

  test.each(['missing', 'damaged'])('is not opened without its records: %s', async (how) => {
    const world = simWorld({ seed: 1, faults: [brokenSegment] })
    await world.run(async () => {
      await fill(world, new History())
      const path = `/log/${strandedFiles(world)[0]!}`
      if (how === 'missing') world.disk.remove(path)
      else {
        const content = Buffer.from(world.disk.readFile(path))
        content[content.length >>> 1]! ^= 1
        const file = world.disk.create(path)
        await file.write([content], 0)
        file.close()
      }
      const { findings } = await verifyDirectory(world.disk, '/log')
      expect(findings).toMatchObject([{ where: path.slice('/log/'.length), heals: false }])
      await expect(openSimulatedLog(world)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED', where: path })
    })
  })
})
