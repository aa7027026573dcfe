import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { EmbeddedLog } from '../client/embedded/embedded-log.ts'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import type { DiskFault } from '../simulation/fault-plan.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { History } from './log-history.fixtures.ts'
import { openSimulatedLog, type SimulatedLog } from './simulated-log.ts'

const a0 = { topic: 'a', partition: 0 }
const a1 = { topic: 'a', partition: 1 }
const b0 = { topic: 'b', partition: 0 }
const config = { 'segment.bytes': '700', 'index.interval.bytes': '100', 'retention.ms': '-1' }
const compacted = { ...config, 'segment.bytes': '400', 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' }
const place = '/safe/copy'

const open = (world: SimWorld): Promise<SimulatedLog> => openSimulatedLog(world)
const openCopy = (world: SimWorld): Promise<SimulatedLog> => openSimulatedLog(world, 'sync', undefined, place)

/** What a workload does, and what it has promised of its copy. */
class BackedUp {
  readonly history = new History()
  /** What was acknowledged when the back-up was asked for. */
  asked = 0
  done = false
  private round = 0

  async create({ log }: SimulatedLog): Promise<void> {
    await log.admin.createTopics([
      { topic: 'a', partitions: 2, config },
      { topic: 'b', partitions: 1, config },
      { topic: 'c', partitions: 1, config: compacted },
      { topic: 'gone', partitions: 2, config },
    ])
    const producer = await log.producer()
    for (let index = 0; index < 20; index++) producer.append('gone', `${index}`, 'x'.repeat(90), { partition: index % 2 })
    await producer.close()
  }

  /** Appends alone and together, a transaction with positions of a group, and the same three keys of a compacted topic. */
  async work({ log }: SimulatedLog, rounds: number): Promise<void> {
    const plain = await log.producer()
    const transactional = await log.producer({ transactionalId: 't' })
    for (let turn = 0; turn < rounds; turn++) {
      const round = this.round++
      await this.history.append(plain, a0, [`x${round}`, `y${round}`])
      await Promise.all([this.history.append(plain, a1, [`p${round}`]), this.history.append(plain, b0, [`q${round}`])])
      const writes = [a0, b0].map((to) => ({ to, values: [`t${round}`] }))
      await this.history.transact(transactional, writes, round)
      for (const key of ['k', 'l', 'm']) plain.append('c', key, `${round}`.padStart(60, ' '))
      await plain.flush()
    }
    await plain.close()
    await transactional.close()
  }

  async backUp({ log }: SimulatedLog): Promise<void> {
    this.asked = this.history.acknowledged
    await log.admin.backUp({ to: place })
    this.done = true
  }

  /** The copy is usable, and writing to it, compacting and closing it changes nothing of the original. */
  async checkCopy(world: SimWorld, asked: number): Promise<number> {
    const copy = await openCopy(world)
    const through = await this.history.check(copy.log, asked)
    const table = await tableOf(copy.log)
    if (through > 0) {
      const after = new History()
      after.submissions.push(...this.history.submissions.slice(0, through))
      await after.append(await copy.log.producer(), a0, ['in the copy alone'])
      await after.transact(await copy.log.producer({ transactionalId: 't' }), [{ to: b0, values: ['too'] }], 1000)
      await copy.broker.maintenance.run()
      expect(await after.check(copy.log, through + 2)).toBe(through + 2)
      expect(await tableOf(copy.log)).toEqual(table)
    }
    await copy.log.close()
    return through
  }
}

/** Latest values by key. */
async function tableOf(log: EmbeddedLog): Promise<Record<string, string>> {
  const table: Record<string, string> = {}
  const [topic] = await log.admin.describeTopics(['c'])
  if (!topic) return table
  const consumer = await log.consumer()
  const [end] = await log.admin.listOffsets([{ topic: 'c', partition: 0, at: 'latest' }])
  await consumer.assign([{ topic: 'c', partition: 0, offset: 'earliest' }])
  while (consumer.position({ topic: 'c', partition: 0 }) < end!) {
    for (const batch of await consumer.poll()) {
      for (const { key, value } of batch.toArray()) table[String(key)] = String(value).trim()
    }
  }
  await consumer.close()
  return table
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'none'
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error
  }
}

/** Runs with a log that has some history. */
async function withLog(
  options: { readonly faults?: readonly DiskFault[]; readonly seed?: number; readonly rounds?: number },
  work: (world: SimWorld, opened: SimulatedLog, run: BackedUp) => Promise<void>,
): Promise<void> {
  const world = simWorld({ seed: options.seed ?? 1, order: 'shuffled' })
  await world.run(async () => {
    const run = new BackedUp()
    const opened = await open(world)
    await run.create(opened)
    await run.work(opened, options.rounds ?? 8)
    await opened.broker.maintenance.run()
    await run.work(opened, 1) // what no checkpoint has seen
    for (const fault of options.faults ?? []) world.disk.faults.add(fault)
    await work(world, opened, run)
  })
}

function filesBelow(world: SimWorld, folder: string): string[] {
  return world.disk.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`
    return world.disk.stat(path)?.kind === 'folder' ? filesBelow(world, path) : [path]
  })
}

describe('a back-up of a log in use', () => {
  test('holds what was acknowledged before, shares complete segments, and lives without the original', async () => {
    await withLog({ rounds: 20 }, async (world, opened, run) => {
      const result = await opened.log.admin.backUp({ to: `${place}/` })
      expect(result.partitions).toBeGreaterThan(5)
      expect(result.linkedBytes).toBeGreaterThan(result.copiedBytes)
      const table = await tableOf(opened.log)
      const { acknowledged } = run.history
      await run.work(opened, 4)
      await opened.log.admin.deleteTopics(['b', 'c'])
      await opened.log.admin.deleteRecords([{ ...a0, before: 'stable' }])
      await opened.broker.maintenance.run()
      await opened.log.close()
      expect(filesBelow(world, '/').filter((path) => /held|incomplete/.test(path))).toEqual([])
      const copy = await openCopy(world)
      expect(copy.broker.directory.epoch).toBe(opened.broker.directory.epoch + 1)
      expect(await run.history.check(copy.log, acknowledged)).toBe(acknowledged)
      expect(await tableOf(copy.log)).toEqual(table)
      await copy.log.close()
    })
  })

  test('of an empty log is an empty log', async () => {
    const world = simWorld({ seed: 1 })
    await world.run(async () => {
      const { log } = await open(world)
      expect(await log.admin.backUp({ to: place })).toEqual({ partitions: 0, linkedBytes: 0, copiedBytes: 0 })
      await log.close()
      const copy = await openCopy(world)
      expect(await copy.log.admin.listTopics()).toEqual([])
      await copy.log.close()
    })
  })

  test('is one prefix over all partitions while appends, transactions, compaction and deletion go on', async () => {
    for (let seed = 0; seed < 60; seed++) {
      await withLog({ seed, rounds: seed % 6 }, async (world, opened, run) => {
        await Promise.all([
          run.work(opened, 5),
          run.backUp(opened),
          opened.broker.maintenance.run().then(() => opened.broker.maintenance.run()),
          opened.log.admin.deleteTopics(['gone']),
        ])
        await run.checkCopy(world, run.asked)
        await run.history.check(opened.log, run.history.acknowledged)
        await opened.log.close()
        const again = await open(world)
        expect(await run.history.check(again.log, run.history.acknowledged)).toBe(run.history.submissions.length)
        await again.log.close()
      })
    }
  })

  test.each([
    ['another file system', { operation: 'link', error: 'EIO', times: 1 }],
    ['a file system without hard links', { operation: 'link', error: 'EACCES', times: 'forever' }],
  ] as const)('on %s is copied', async (_, fault) => {
    await withLog({ faults: [fault] }, async (world, opened, run) => {
      const backingUp = opened.log.admin.backUp({ to: place })
      await run.work(opened, 4)
      expect(await backingUp).toMatchObject({ linkedBytes: 0 })
      expect(world.disk.list('/log').filter((name) => name.includes('held'))).toEqual([])
      await opened.log.close()
      await run.checkCopy(world, 8 * 4)
    })
  })

  test('without room is refused, leaves nothing, and the log goes on', async () => {
    await withLog({}, async (world, opened, run) => {
      const roomBefore = world.disk.capacityBytes
      for (const room of [0, 200, 1000, 3000, 8000, 9000]) {
        world.disk.capacityBytes = world.disk.usedBytes + room
        expect(await codeOf(opened.log.admin.backUp({ to: place }))).toBe('DISK_FULL')
        world.disk.capacityBytes = roomBefore
        expect(filesBelow(world, '/').filter((path) => path.includes('safe') || path.includes('held'))).toEqual([])
        await run.work(opened, 1)
      }
      await opened.log.admin.backUp({ to: place })
      await opened.log.close()
      expect(await run.checkCopy(world, run.history.acknowledged)).toBe(run.history.submissions.length)
    })
  })

  test('is made only where nothing is', async () => {
    await withLog({ rounds: 2 }, async (world, { log }) => {
      const { disk } = world
      disk.makeFolder('/full')
      disk.create('/full/other').close()
      disk.create('/file').close()
      disk.makeFolder('/odd.incomplete')
      disk.create('/odd.incomplete/letter').close()
      for (const to of ['/full', '/file', '/odd', '/log', '/log/inside'])
        expect(await codeOf(log.admin.backUp({ to }))).toBe('BACK_UP_PLACE_TAKEN')
      expect(disk.list('/odd.incomplete')).toEqual(['letter'])
      expect(await codeOf(log.admin.backUp({ to: '' }))).toBe('INVALID_OPTION')
      disk.makeFolder('/empty')
      await log.admin.backUp({ to: '/empty' })
      expect(disk.list('/empty')).toContain('millrace-checkpoint')
      await log.close()
    })
  })

  test('ends with the log that is closed meanwhile, and several take their turns', async () => {
    await withLog({ faults: [{ operation: 'link', error: 'EACCES', times: 'forever' }] }, async (world, { log }) => {
      await Promise.all([log.admin.backUp({ to: '/one' }), log.admin.backUp({ to: '/two' })])
      const results = [codeOf(log.admin.backUp({ to: place })), codeOf(log.admin.backUp({ to: '/three' }))]
      await log.close()
      expect(await Promise.all(results)).toEqual(['CLOSED', 'CLOSED'])
      expect(filesBelow(world, '/').filter((path) => path.includes('safe') || path.includes('three'))).toEqual([])
      expect(await codeOf(log.admin.backUp({ to: place }))).toBe('CLOSED')
    })
  })

  test('that a failing disk interrupts leaves the log whole, and is made the next time', { timeout: 60_000 }, async () => {
    let stepsBefore = 0
    let steps = 0
    await withLog({ rounds: 4 }, async (world, opened) => {
      stepsBefore = world.disk.steps
      await opened.log.admin.backUp({ to: place })
      steps = world.disk.steps
      await opened.log.close()
    })
    const codes = new Map<string, number>()
    for (let step = stepsBefore + 1; step <= steps; step += 3) {
      await withLog({ rounds: 4, faults: [{ atStep: step, error: 'EIO' }] }, async (world, opened, run) => {
        const code = await codeOf(run.backUp(opened))
        codes.set(code, (codes.get(code) ?? 0) + 1)
        await opened.log.close().catch(() => {
          // Fenced: what was acknowledged stands in the journal.
        })
        const again = await open(world)
        expect(await run.history.check(again.log, run.history.acknowledged)).toBe(run.history.submissions.length)
        if (!run.done && code !== 'none' && world.disk.stat(place) === null) await again.log.admin.backUp({ to: place })
        await again.log.close()
        await run.checkCopy(world, run.asked)
      })
    }
    expect(codes.get('BACK_UP_FAILED')).toBeGreaterThan(20)
    expect([...codes.keys()].sort()).toEqual(['BACK_UP_FAILED', 'none'])
  })

  test.each(['kill9', 'prefix', 'any'] as const)(
    'that a crash cuts off is none, and one that is there is whole: %s',
    { timeout: 240_000 },
    async (mode) => {
      let run = new BackedUp()
      const tally = await enumerateCrashes<{ readonly acknowledged: number; readonly asked: number; readonly done: boolean }>({
        seed: 1,
        modes: [mode],
        imagesPerPoint: 3,
        every: 4,
        run: async (world) => {
          run = new BackedUp()
          const opened = await open(world)
          await run.create(opened)
          await run.work(opened, 4)
          await Promise.all([run.work(opened, 3), run.backUp(opened), opened.broker.maintenance.run()])
          await run.work(opened, 2)
          await opened.broker.maintenance.run()
          await opened.log.close()
        },
        observe: () => ({ acknowledged: run.history.acknowledged, asked: run.asked, done: run.done }),
        check: async (world, { observed }) => {
          const original = await open(world)
          const through = await run.history.check(original.log, observed.acknowledged)
          expect(world.disk.list('/log').filter((name) => name.includes('held'))).toEqual([])
          const isThere = world.disk.stat(place) !== null
          if (observed.done) expect(isThere).toBe(true)
          if (isThere) await run.checkCopy(world, observed.asked)
          else await original.log.admin.backUp({ to: place })
          expect(await run.history.check(original.log, observed.acknowledged)).toBe(through)
          await original.log.close()
        },
      })
      console.info(`${mode}: ${JSON.stringify(tally)}`)
      expect(tally.distinct).toBeGreaterThan(100)
    },
  )
})
