import { describe, expect, test } from 'vitest'
import { MillraceError } from '@millrace/core'
import { simWorld, type DiskFault, type DiskImage } from '@millrace/core/testing'
import { SimStoreEngines } from '@millrace/streams/testing'
import { filledDisk, live, liveAfterCrash } from './crash-run.fixtures.ts'

/** Not the locks: one that the system does not give back is held until the process ends. */
const stateFiles = /^\/state\/(?!.*\.lock$)/
const logFiles = /^\/log\/(?!.*\.lock$)/

interface Outcome {
  /** `finished`, or the code of the error with which the application gave up. */
  readonly outcome: string
  readonly strikes: number
}

/** Runs with a fault, whatever comes of it; then by hand once more on a sound disk: log and stores are exact. */
async function survive(disk: DiskImage, fault: DiskFault): Promise<Outcome> {
  const world = simWorld({ seed: 7, disk, faults: [fault], stepMicros: 300_000 })
  const engines = new SimStoreEngines({ clock: world.clock })
  const outcome = await world.run(() => outcomeOf(live({ world, engines, durability: 'sync' })))
  const strikes = world.disk.faults.strikes()[0]!
  world.disk.faults.heal()
  await world.run(() => liveAfterCrash({ world, engines, durability: 'sync' }))

  return { outcome, strikes }
}

async function outcomeOf(life: Promise<void>): Promise<string> {
  try {
    await life
    return 'finished'
  } catch (error) {
    if (error instanceof MillraceError && error.fault !== 'bug') return error.code
    throw new Error('an error without a name left the application', { cause: error })
  }
}

/** A fault at the first, second, … matching step, until none is struck any more. */
async function atEveryStep(name: string, every: number, fault: (nth: number) => DiskFault): Promise<ReadonlyMap<string, number>> {
  const disk = await filledDisk()
  const outcomes = new Map<string, number>()
  const before = performance.now()
  for (let nth = 1; ; nth += every) {
    const { outcome, strikes } = await survive(disk, fault(nth)).catch((cause: unknown) => {
      throw new Error(`${JSON.stringify(fault(nth))}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    })
    if (strikes === 0) break
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  const seconds = ((performance.now() - before) / 1000).toFixed(1)
  console.info(`${name}, ${seconds} s: ${JSON.stringify([...outcomes])}`)
  return outcomes
}

describe('a topology on failing disks', { timeout: 120_000 }, () => {
  test('the disk of the state is full, or fails, at any one step', async () => {
    await atEveryStep('state, full', 1, (nth) => ({ path: stateFiles, nth, error: 'ENOSPC' }))
    await atEveryStep('state, broken', 1, (nth) => ({ path: stateFiles, nth, error: 'EIO' }))
  })

  test('the disk of the log is full at any one step', async () => {
    const outcomes = await atEveryStep('log, full', 5, (nth) => ({ path: logFiles, nth, error: 'ENOSPC' }))
    expect(outcomes.get('finished')).toBeGreaterThan(30)
  })

  test('the disk of the log fails at any one step', async () => {
    await atEveryStep('log, broken', 5, (nth) => ({ path: logFiles, nth, error: 'EIO' }))
  })

  test('the disk of the log is full from one step on', async () => {
    await atEveryStep('log, full for good', 23, (nth) => ({
      path: logFiles,
      operation: 'write',
      nth,
      times: 'forever',
      error: 'ENOSPC',
    }))
  })

  test('the writes of both are short', async () => {
    expect(await survive(await filledDisk(), { operation: 'write', error: 'short', times: 'forever' })).toMatchObject({
      outcome: 'finished',
    })
  })
})
