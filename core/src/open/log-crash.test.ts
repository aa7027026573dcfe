import { describe, expect, test } from 'vitest'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import { History } from './log-history.fixtures.ts'
import { openSimulatedLog } from './simulated-log.ts'

const a0 = { topic: 'a', partition: 0 }
const a1 = { topic: 'a', partition: 1 }
const b0 = { topic: 'b', partition: 0 }
const config = { 'segment.bytes': '700', 'index.interval.bytes': '100' }

/** Appends and transactions alone and together, over several turns of the journal, with a clean close in the middle. */
async function workload(world: SimWorld, history: History): Promise<void> {
  const first = await openSimulatedLog(world)
  await first.log.admin.createTopics([
    { topic: 'a', partitions: 2, config },
    { topic: 'b', partitions: 1, config },
  ])
  await work(first.log, history, 'first', 8)
  await first.log.close()
  const second = await openSimulatedLog(world)
  await work(second.log, history, 'second', 5)
  await second.log.close()
}

/** Transactions one after the other, with a checkpoint under way most of the time. */
async function busyWorkload(world: SimWorld, history: History): Promise<void> {
  const { log, broker } = await openSimulatedLog(world, 'os')
  await log.admin.createTopics([
    { topic: 'a', partitions: 2, config },
    { topic: 'b', partitions: 1, config },
  ])
  const producer = await log.producer({ transactionalId: 't' })
  for (let round = 0; round < 12; round++) {
    const checkpoint = broker.directory.checkpoint()
    for (let nth = 0; nth < 4; nth++) {
      const values = [`${round}-${nth}`]
      await history.transact(
        producer,
        [a0, a1, b0].map((to) => ({ to, values })),
        round * 4 + nth,
      )
    }
    await checkpoint
  }
  await log.close()
}

async function work(
  log: Awaited<ReturnType<typeof openSimulatedLog>>['log'],
  history: History,
  name: string,
  rounds: number,
): Promise<void> {
  const plain = await log.producer()
  const transactional = await log.producer({ transactionalId: 't' })
  for (let round = 0; round < rounds; round++) {
    const value = (what: string): string => `${name}-${round}-${what}`
    await history.append(plain, a0, [value('x'), value('y')])
    await Promise.all([
      history.append(plain, a1, [value('p')]),
      history.append(plain, b0, [value('q'), value('r')]),
      history.append(plain, a0, [value('s')]),
    ])
    await history.transact(
      transactional,
      [
        { to: a0, values: [value('t'), value('u')] },
        { to: b0, values: [value('v')] },
      ],
      round + (name === 'first' ? 1 : 100),
    )
  }
}

/** Opens, compares, and goes on: what is there must be usable, and a second recovery must find the same. */
async function recoverAndGoOn(world: SimWorld, history: History, acknowledged: number): Promise<void> {
  const opened = await openSimulatedLog(world)
  const through = await history.check(opened.log, acknowledged)
  const [topic] = await opened.log.admin.describeTopics(['a'])
  if (!topic) {
    expect(through).toBe(0)
    await opened.log.close()
    return
  }
  const after = new History()
  after.submissions.push(...history.submissions.slice(0, through))
  await after.append(await opened.log.producer(), a0, ['after'])
  await after.transact(await opened.log.producer({ transactionalId: 't' }), [{ to: b0, values: ['after too'] }], 1000)
  expect(await after.check(opened.log, through + 2)).toBe(through + 2)
  await opened.log.close()
  const again = await openSimulatedLog(world)
  expect(await after.check(again.log, through + 2)).toBe(through + 2)
  await again.log.close()
}

describe('the log after a crash', () => {
  test.each(['kill9', 'prefix', 'any'] as const)(
    'holds everything acknowledged and nothing torn: %s',
    { timeout: 120_000 },
    async (mode) => {
      const history = new History()
      const tally = await enumerateCrashes<number>({
        seed: 1,
        modes: [mode],
        imagesPerPoint: 4,
        run: (world) => workload(world, history),
        observe: () => history.acknowledged,
        check: (world, { observed }) => recoverAndGoOn(world, history, observed),
      })
      console.info(`${mode}: ${JSON.stringify(tally)}`)
      expect(tally.distinct).toBeGreaterThan(300)
    },
  )

  test("under durability 'os' loses a suffix of the whole log, never a part of a transaction", { timeout: 120_000 }, async () => {
    const history = new History()
    const tally = await enumerateCrashes({
      seed: 2,
      modes: ['prefix', 'any'],
      imagesPerPoint: 3,
      run: (world) => busyWorkload(world, history),
      check: (world) => recoverAndGoOn(world, history, 0),
    })
    console.info(`os: ${JSON.stringify(tally)}`)
    expect(tally.distinct).toBeGreaterThan(300)
  })
})
