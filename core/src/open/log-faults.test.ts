import { describe, expect, test } from 'vitest'
import { DiskError } from '../base/disk.ts'
import { MillraceError } from '../base/errors.ts'
import type { DiskFault } from '../simulation/fault-plan.ts'
import { simWorld, type SimWorld } from '../simulation/sim-world.ts'
import { History } from './log-history.fixtures.ts'
import { openSimulatedLog } from './simulated-log.ts'

const a0 = { topic: 'a', partition: 0 }
const b0 = { topic: 'b', partition: 0 }
const config = { 'segment.bytes': '700', 'index.interval.bytes': '100' }

/** Goes on after a retriable refusal, as a program does; stops at any other. */
async function workload(world: SimWorld, history: History): Promise<void> {
  const { log } = await openSimulatedLog(world)
  await log.admin.createTopics([
    { topic: 'a', partitions: 2, config },
    { topic: 'b', partitions: 1, config },
  ])
  const plain = await log.producer()
  const transactional = await log.producer({ transactionalId: 't' })
  for (let round = 0; round < 14; round++) {
    await retried(world, history, () => history.append(plain, a0, [`x${round}`, `y${round}`]))
    await retried(world, history, () =>
      history.transact(
        transactional,
        [
          { to: a0, values: [`t${round}`] },
          { to: b0, values: [`u${round}`] },
        ],
        round,
      ),
    )
  }
  await log.close()
}

async function retried(world: SimWorld, history: History, work: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const before = history.submissions.length
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MillraceError) || error.outcome !== 'retriable' || attempt > 20) throw error
      history.submissions.length = before // refused: it must never appear
      await new Promise<void>((resolve) => world.clock.after(100, resolve))
    }
  }
}

interface Outcome {
  readonly outcome: string
  readonly steps: number
}

/** Runs the workload with one fault; whatever it did, what was acknowledged is there after a power cut, and no more. */
async function survives(fault: DiskFault): Promise<Outcome> {
  const history = new History()
  const world = simWorld({ seed: 3, faults: [fault] })
  const outcome = await world.run(() => outcomeOf(workload(world, history)))
  for (const survival of ['least', 'most'] as const) {
    const after = simWorld({ seed: 4, disk: world.disk.image('any', survival) })
    await after.run(async () => {
      const { log } = await openSimulatedLog(after)
      await history.check(log, history.acknowledged)
      await log.close()
    })
  }
  return { outcome, steps: world.disk.steps }
}

async function outcomeOf(work: Promise<void>): Promise<string> {
  try {
    await work
    return 'finished'
  } catch (error) {
    if (error instanceof MillraceError) return error.code
    throw error instanceof DiskError ? new Error(`a bare disk error left the log: ${error.message}`, { cause: error }) : error
  }
}

async function atEveryStep(fault: (step: number) => DiskFault): Promise<ReadonlyMap<string, number>> {
  const { steps } = await survives({ path: 'nothing', error: 'EIO' })
  const outcomes = new Map<string, number>()
  for (let step = 1; step <= steps; step++) {
    const { outcome } = await survives(fault(step)).catch((cause: unknown) => {
      throw new Error(`step ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    })
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  console.info(JSON.stringify([...outcomes]))
  return outcomes
}

describe('a log on a failing disk', { timeout: 120_000 }, () => {
  test('finishes without a fault', async () => {
    expect(await survives({ path: 'nothing', error: 'EIO' })).toMatchObject({ outcome: 'finished' })
  })

  test('a full disk at any one step loses nothing, and the log goes on when there is room', async () => {
    const outcomes = await atEveryStep((step) => ({ atStep: step, error: 'ENOSPC' }))
    expect(outcomes.has('JOURNAL_FAILED')).toBe(false)
  })

  test('an input or output error at any one step loses nothing that was acknowledged', async () => {
    await atEveryStep((step) => ({ atStep: step, error: 'EIO' }))
  })

  test('short writes are completed', async () => {
    const { outcome } = await survives({ operation: 'write', error: 'short', times: 'forever' })
    expect(outcome).toBe('finished')
  })

  test('a sync of the journal that failed stops all appends, and is not tried again', async () => {
    const { outcome } = await survives({
      operation: 'dataSync',
      path: 'millrace-journal-0',
      nth: 6,
      error: 'EIO',
      afterSyncFail: 'dropped',
    })
    expect(outcome).toBe('JOURNAL_FAILED')
  })
})
