import { describe, expect, test } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { DiskFault } from '../simulation/fault-plan.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { openSimulatedLog } from './simulated-log.ts'
import { assertStable, Attempts, isAllowed, narrow, retried, visible, wide } from './transaction-attempts.fixtures.ts'

async function workload(world: SimWorld, attempts: Attempts): Promise<void> {
  const { log } = await openSimulatedLog(world)
  await retried(world, () =>
    log.admin.createTopics([
      { topic: 'a', partitions: 2, config: { 'segment.bytes': '700' } },
      { topic: 'wide', partitions: wide.length },
    ]),
  )
  const producer = await retried(world, () => log.producer({ transactionalId: 't' }))
  await attempts.persist(world, producer, narrow, 'commit')
  await attempts.persist(world, producer, wide, 'commit')
  await attempts.persist(world, producer, narrow, 'abort')
  for (let round = 0; round < 3; round++) await attempts.persist(world, producer, wide, 'commit')
  await retried(world, () => log.close())
}

/** Runs the workload with one fault; what was acknowledged is there after a power cut, whole, and nothing that was not committed. */
async function survives(fault: DiskFault): Promise<{ readonly outcome: string; readonly steps: number }> {
  const attempts = new Attempts()
  const world = simWorld({ seed: 3, faults: [fault] })
  const outcome = await world.run(() =>
    workload(world, attempts).then(
      () => 'done',
      (error: unknown) => {
        if (error instanceof MillraceError && error.fault !== 'bug') return error.code
        throw error
      },
    ),
  )
  const observed = JSON.parse(attempts.observe()) as string[]
  for (const survival of ['least', 'most'] as const) {
    const after = simWorld({ seed: 4, disk: world.disk.image('any', survival) })
    await after.run(async () => {
      const opened = await openSimulatedLog(after)
      const topics = await opened.log.admin.describeTopics(['a', 'wide'])
      if (topics.every((topic) => topic !== null)) {
        const found = await visible(opened, attempts.all)
        isAllowed(found, attempts.all, observed)
        await opened.log.producer({ transactionalId: 't' })
        await assertStable(opened)
        expect(await visible(opened, attempts.all)).toEqual(found)
      }
      await opened.log.close()
    })
  }
  return { outcome, steps: world.disk.steps }
}

describe('a disk that fails at one step', () => {
  test.each(['ENOSPC', 'EIO'] as const)('leaves every transaction whole or away: %s', { timeout: 240_000 }, async (code) => {
    const outcomes: Record<string, number> = {}
    const { steps } = await survives({ atStep: 1_000_000, error: code })
    for (let atStep = 20; atStep < steps; atStep += 5) {
      const { outcome } = await survives({ atStep, error: code })
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
    process.stdout.write(`transactions, ${code}: ${JSON.stringify(outcomes)}\n`)
    expect(outcomes['done']).toBeGreaterThan(10)
  })
})
