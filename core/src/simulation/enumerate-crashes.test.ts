import { describe, expect, test } from 'vitest'
import { enumerateCrashes, type CrashEnumeration, type CrashSite, type CrashTally } from './enumerate-crashes.ts'
import { ToyLog, type ToyBugs } from './toy-log.fixtures.ts'

interface Promised {
  readonly records: number
  readonly state: number
}

const texts = Array.from({ length: 8 }, (_, index) => `record ${index} ${'x'.repeat(97 * index)}`)

/** Appends and sets states, and demands that all of it that was acknowledged is found, and nothing out of place. */
function toyLog(bugs: ToyBugs, more: Partial<CrashEnumeration<Promised>> = {}): CrashEnumeration<Promised> {
  const promised = { records: 0, state: 0 }
  return {
    seed: 11,
    async run(world) {
      Object.assign(promised, { records: 0, state: 0 })
      const log = await ToyLog.open(world, bugs)
      for (const [index, text] of texts.entries()) {
        await log.append(text)
        promised.records = index + 1
        if (index % 4 === 3) await log.setState(index + 1)
        promised.state = log.state
      }
    },
    observe: () => ({ ...promised }),
    async check(world, { observed }) {
      Object.assign(promised, observed)
      const log = await ToyLog.open(world, bugs)
      expect(log.records).toEqual(texts.slice(0, Math.max(observed.records, log.records.length)))
      expect(log.state).toBeGreaterThanOrEqual(observed.state)
      Object.assign(promised, { records: log.records.length, state: log.state })
    },
    recovery: { every: 4, observe: () => ({ ...promised }) },
    ...more,
  }
}

async function failureOf(options: CrashEnumeration<Promised>): Promise<string> {
  return enumerateCrashes(options).then(
    () => 'none',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

describe('a log without bugs', () => {
  test('survives a crash at every step, in every mode, also one during its recovery', async () => {
    const tally = await enumerateCrashes(toyLog({}, { imagesPerPoint: 20 }))
    expect(tally.steps).toBeGreaterThan(30)
    expect(tally.points).toBeGreaterThan(tally.steps)
    expect(tally.distinct).toBeGreaterThan(100)
    expect(tally.images).toBeGreaterThan(tally.checks)
    expect(tally.checks).toBeGreaterThanOrEqual(tally.distinct)
  })

  test('is tallied alike for the same seed', async () => {
    expect(await enumerateCrashes(toyLog({}))).toEqual(await enumerateCrashes(toyLog({})))
  })

  test('is shared among workers without a gap', async () => {
    const { recovery: _recovery, ...once } = toyLog({})
    const all = await enumerateCrashes(once)
    const parts: CrashTally[] = []
    for (const from of [1, 2, 3]) parts.push(await enumerateCrashes({ ...once, from, every: 3 }))
    expect(parts.reduce((sum, { points }) => sum + points, 0)).toBe(all.points)
  })

  test('survives short writes and slow syncs', async () => {
    const faults = [
      { operation: 'write', error: 'short', nth: 2, times: 'forever' },
      { operation: 'dataSync', delayMs: 30, times: 'forever' },
    ] as const
    expect(await failureOf(toyLog({}, { world: { faults } }))).toBe('none')
  })
})

describe('a log that', () => {
  const bugs: readonly (readonly [string, ToyBugs, Partial<CrashEnumeration<Promised>>])[] = [
    ['acknowledges before the sync', { acknowledgesBeforeSync: true }, {}],
    ['does not sync the folder of a new file', { forgetsFolder: true }, { modes: ['prefix'] }],
    ['renames before the sync', { renamesBeforeSync: true }, { modes: ['any'], imagesPerPoint: 30 }],
    ['takes a torn record', { takesTornRecords: true }, { modes: ['kill9'] }],
    ['trusts what only the page cache holds', { trustsUnsynced: true }, {}],
    [
      'takes a short write for a whole one',
      { ignoresShortWrites: true },
      { world: { faults: [{ operation: 'write', nth: 3, error: 'short' }] } },
    ],
  ]

  test.each(bugs)('%s is caught, and the failure can be replayed alone', async (_name, bug, more) => {
    const message = await failureOf(toyLog(bug, more))
    expect(message).toMatch(/^CRASH_CHECK_FAILED: .*\(crashed (kill9|prefix|any) at step \d+, \w+ .*; seed 11, only: /s)
    const only = JSON.parse(/only: (\[.*?\])/.exec(message)![1]!) as CrashSite[]
    expect(await failureOf(toyLog(bug, { ...more, only }))).toBe(message)
    expect(await failureOf(toyLog({}, { ...more, only }))).toMatch(/none|CRASH_NOT_FOUND/)
  })
})
