import { describe, expect, test } from 'vitest'
import { DiskError } from '../base/disk.ts'
import { MillraceError } from '../base/errors.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { Producer } from '../client/producer.ts'
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
    { topic: 'gone', partitions: 2, config },
  ])
  const plain = await log.producer()
  const transactional = await log.producer({ transactionalId: 't' })
  for (let partition = 0; partition < 2; partition++)
    await retried(world, history, () => write(plain, { topic: 'gone', partition }))
  for (let round = 0; round < 14; round++) {
    await retried(world, history, () => history.append(plain, a0, [`x${round}`, `y${round}`]))
    if (round === 7) await retried(world, history, () => log.admin.alterTopicConfig('b', { 'segment.bytes': '500' }))
    if (round === 9) await retried(world, history, () => log.admin.deleteTopics(['gone']))
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

async function write(producer: Producer, { topic, partition }: TopicPartition): Promise<void> {
  const batch = producer.batch(topic, partition)
  batch.append(null, 'x'.repeat(400), 0)
  await producer.send(batch)
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
  /** The step that the fault has struck, with its path. */
  readonly struck: string
}

/** Runs the workload with one fault; whatever it did, what was acknowledged is there after a power cut, and no more. */
async function survives(fault: DiskFault): Promise<Outcome> {
  const history = new History()
  const world = simWorld({ seed: 3, faults: [fault] })
  let struck = ''
  world.disk.onStep(({ n, operation, path }) => {
    if (n === fault.atStep) struck = `${operation} ${path}`
  })
  const outcome = await world.run(() => outcomeOf(workload(world, history)))
  for (const survival of ['least', 'most'] as const) {
    const after = simWorld({ seed: 4, disk: world.disk.image('any', survival) })
    await after.run(async () => {
      const { log } = await openSimulatedLog(after)
      await history.check(log, history.acknowledged)
      await log.close()
    })
  }
  return { outcome, steps: world.disk.steps, struck }
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

async function atEveryStep(fault: (step: number) => DiskFault): Promise<readonly Outcome[]> {
  const { steps } = await survives({ path: 'nothing', error: 'EIO' })
  const outcomes: Outcome[] = []
  for (let step = 1; step <= steps; step++) {
    outcomes.push(
      await survives(fault(step)).catch((cause: unknown) => {
        throw new Error(`step ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }),
    )
  }
  return outcomes
}

function struckWith(outcomes: readonly Outcome[], wanted: string): readonly string[] {
  return outcomes.filter(({ outcome }) => outcome === wanted).map(({ struck }) => struck)
}

describe('a log on a failing disk', { timeout: 120_000 }, () => {
  test('finishes without a fault', async () => {
    expect(await survives({ path: 'nothing', error: 'EIO' })).toMatchObject({ outcome: 'finished' })
  })

  test('a full disk at any one step loses nothing, and the log goes on when there is room', async () => {
    const outcomes = await atEveryStep((step) => ({ atStep: step, error: 'ENOSPC' }))
    expect(struckWith(outcomes, 'finished').length).toBeGreaterThan(outcomes.length / 2)
    // A sync of the journal that failed leaves its frame in doubt, whatever the reason: it must not be called refused.
    for (const struck of struckWith(outcomes, 'JOURNAL_FAILED')) expect(struck).toMatch(/^dataSync .*journal/)
  })

  test('an input or output error at any one step loses nothing that was acknowledged', async () => {
    const outcomes = await atEveryStep((step) => ({ atStep: step, error: 'EIO' }))
    expect(struckWith(outcomes, 'JOURNAL_FAILED').length).toBeGreaterThan(20)
    expect(struckWith(outcomes, 'PARTITION_FENCED').length).toBeGreaterThan(20)
  })

  test('short writes are completed', async () => {
    const { outcome } = await survives({ operation: 'write', error: 'short', times: 'forever' })
    expect(outcome).toBe('finished')
  })

  test.each(['EIO', 'ENOSPC'] as const)(
    'a sync of the journal that failed stops all appends, and is not tried again: %s',
    async (error) => {
      const { outcome } = await survives({
        operation: 'dataSync',
        path: 'millrace-journal-0',
        nth: 6,
        error,
        afterSyncFail: 'dropped',
      })
      expect(outcome).toBe('JOURNAL_FAILED')
    },
  )
})
