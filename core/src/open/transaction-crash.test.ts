import { describe, expect, test } from 'vitest'
import { enumerateCrashes } from '../simulation/enumerate-crashes.ts'
import type { SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'
import {
  assertStable,
  Attempts,
  isAllowed,
  narrow,
  places,
  visible,
  wide,
  type Attempt,
} from './transaction-attempts.fixtures.ts'

async function workload(world: SimWorld, attempts: Attempts): Promise<void> {
  const { log } = await openSimulatedLog(world)
  await log.admin.createTopics([
    { topic: 'a', partitions: 2, config: { 'segment.bytes': '700' } },
    { topic: 'wide', partitions: wide.length },
  ])
  const producer = await log.producer({ transactionalId: 't' })
  await attempts.run(producer, narrow, 'commit')
  await attempts.run(producer, narrow, 'abort')
  await attempts.run(producer, wide, 'commit')
  await attempts.transact(producer, narrow)
  await attempts.run(producer, wide, 'abort')
  await attempts.run(producer, [...narrow, ...wide.slice(0, 20)], 'commit')
  await log.close()
}

async function recover(
  world: SimWorld,
  attempts: readonly Attempt[],
  observed: readonly string[],
  byTimeout: boolean,
): Promise<void> {
  const opened = await openSimulatedLog(world)
  const [a, w] = await opened.log.admin.describeTopics(['a', 'wide'])
  if (!a || !w) return opened.log.close()
  const found = await visible(opened, attempts)
  isAllowed(found, attempts, observed)
  const states = (await opened.log.admin.listTransactions()).map(({ state }) => state)
  expect(states.filter((state) => state.startsWith('Prepare'))).toEqual([]) // TXN-8
  if (!states.includes('Ongoing')) await assertStable(opened)
  if (byTimeout) await new Promise<void>((resolve) => void world.clock.after(75_000, resolve))
  const producer = await opened.log.producer({ transactionalId: 't' })
  await assertStable(opened) // TXN-6
  expect(await opened.log.admin.findHangingTransactions()).toEqual([])
  expect(await visible(opened, attempts)).toEqual(found)
  const after = new Attempts()
  after.all.push(...attempts)
  await after.run(producer, places, 'commit')
  const mine = after.all.length - 1
  expect(await visible(opened, after.all)).toEqual([...found, mine])
  await opened.log.close()
  const again = await openSimulatedLog(world)
  expect(await visible(again, after.all)).toEqual([...found, mine])
  await again.log.close()
}

describe('transactions and a crash', () => {
  test.each([
    ['kill9', 1],
    ['prefix', 2],
    ['any', 3],
  ] as const)('each is there whole or not at all: %s', { timeout: 240_000 }, async (mode, from) => {
    const attempts = new Attempts()
    const tally = await enumerateCrashes<string>({
      seed: 3,
      modes: [mode],
      imagesPerPoint: 3,
      from,
      every: 4,
      run: (world) => workload(world, attempts),
      observe: () => attempts.observe(),
      check: (world, { observed, crashes }) =>
        recover(world, attempts.all, JSON.parse(observed) as string[], crashes[0]!.step % 2 === 0),
    })
    process.stdout.write(`transactions, ${mode}: ${JSON.stringify(tally)}\n`)
    expect(tally.distinct).toBeGreaterThan(100)
  })
})
