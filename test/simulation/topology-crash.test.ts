import { describe, expect, test } from 'vitest'
import type { World } from '@millrace/core'
import { enumerateCrashes, type CrashMode, type CrashPlace } from '@millrace/core/testing'
import { SimStoreEngines, type Loss, type SimStoreSnapshot } from '@millrace/streams/testing'
import { applicationId } from './crash-topology.fixtures.ts'
import { filledDisk, live, liveAfterCrash, type Durability } from './crash-run.fixtures.ts'

/** How the engines come out of a crash, beside the disk of the log. */
const engineFates = [
  'keeps all',
  'loses a suffix',
  'loses a run in the middle',
  'fails a write, and all after it',
  'fails to open once',
] as const
type EngineFate = (typeof engineFates)[number]

interface Plan {
  readonly seed: number
  readonly modes: readonly CrashMode[]
  /** Every how many-th step is crashed. */
  readonly every: number
  readonly from?: number
  readonly durability?: Durability
  readonly order?: 'fifo' | 'shuffled'
  /** Crashes the lives after the crash, too. */
  readonly recovery?: boolean
}

/** The engines of all lives of one enumeration: a snapshot of them belongs to each crash point. */
class EngineLives {
  readonly fates: Map<EngineFate, number> = new Map(engineFates.map((fate) => [fate, 0]))
  readonly #snapshots: SimStoreSnapshot[] = []
  #current: SimStoreEngines | null = null

  begin(world: World): SimStoreEngines {
    this.#current = new SimStoreEngines({ clock: world.clock, logBatches: 4 })
    return this.#current
  }

  /** The number of what the engines hold now. */
  observe(): number {
    const now = this.#current?.snapshot() ?? new Map()
    if (this.#snapshots.at(-1) !== now) this.#snapshots.push(now)
    return this.#snapshots.length - 1
  }

  /** A function of the crashes alone, so that a crash that is made again has the same engines. */
  after(observed: number, crashes: readonly CrashPlace[], world: World): { engines: SimStoreEngines; fate: EngineFate } {
    const pick =
      crashes.reduce((hash, { step, choice }) => Math.imul(hash ^ (step * 8 + choice), 0x9e3779b1), crashes.length) >>> 8
    const fate = engineFates[pick % engineFates.length]!
    this.fates.set(fate, this.fates.get(fate)! + 1)
    const engines = this.begin(world).crash(
      this.#snapshots[observed]!,
      (_folder, batches) => lossOf(fate, batches, pick),
      world.clock,
    )
    if (fate === 'fails a write, and all after it')
      for (const folder of folders) engines.failWrite(folder, new Error('no space left'))
    if (fate === 'fails to open once')
      engines.abortOnOpen(folders[pick % folders.length]!, () => Promise.reject(new Error('damaged')))
    this.#current = engines
    return { engines, fate }
  }
}

const folders = ['0_0', '0_1', '1_0', '1_1'].map((task) => `/state/${applicationId}/${task}/store`)

function lossOf(fate: EngineFate, batches: number, pick: number): Loss {
  if (batches === 0) return { kind: 'none' }
  if (fate === 'loses a suffix') return { kind: 'suffix', count: 1 + (pick % batches) }
  if (fate === 'loses a run in the middle' && batches > 1) return { kind: 'hole', first: pick % (batches - 1), count: 1 }
  return { kind: 'none' }
}

async function crashEverywhere({ seed, modes, every, from = 1, durability = 'sync', order = 'fifo', recovery = false }: Plan) {
  const lives = new EngineLives()
  const before = performance.now()
  const tally = await enumerateCrashes<number>({
    seed,
    modes,
    imagesPerPoint: 3,
    from,
    every,
    // A step takes a third of a second, so that commits and writes of the engines are due again and again.
    world: { disk: await filledDisk(), stepMicros: 300_000, order },
    run: (world) => live({ world, engines: lives.begin(world), durability }),
    observe: () => lives.observe(),
    check: async (world, { observed, crashes }) => {
      const { engines, fate } = lives.after(observed, crashes, world)
      const died = folders.filter((folder) => world.disk.stat(folder.replace(/store$/, 'OPENING')) !== null)
      // A wiped engine that does not open either is not the engine's fault: the application says so, and is started again.
      await liveAfterCrash({ world, engines, durability }, 'STORE_UNUSABLE')
      if (crashes.length === 1 && (fate === 'keeps all' || fate === 'loses a suffix'))
        expect(died, 'a healthy store is not wiped').toEqual(expect.arrayContaining(engines.wiped))
    },
    ...(recovery ? { recovery: { every: 1, imagesPerPoint: 2, observe: () => lives.observe() } } : {}),
  })
  const seconds = ((performance.now() - before) / 1000).toFixed(1)
  console.info(
    `${modes.join()} ${durability} ${order}${recovery ? ' recovery' : ''}, ${seconds} s: ${JSON.stringify(tally)}; ${JSON.stringify([...lives.fates])}`,
  )
  return { ...tally, fates: lives.fates }
}

describe('a topology after a crash', { timeout: 300_000 }, () => {
  test.each<Plan>([
    { seed: 1, modes: ['kill9'], every: 3 },
    { seed: 2, modes: ['prefix'], every: 4 },
    { seed: 3, modes: ['any'], every: 5, order: 'shuffled' },
  ])('has written everything exactly once in the end: $modes', async (plan) => {
    const { distinct, fates } = await crashEverywhere(plan)
    expect(distinct).toBeGreaterThan(300)
    for (const [fate, count] of fates) expect(count, fate).toBeGreaterThan(20)
  })

  test('that was crashed again while it recovered', async () => {
    const { distinct } = await crashEverywhere({ seed: 4, modes: ['any'], from: 780, every: 10_000, recovery: true })
    expect(distinct).toBeGreaterThan(150)
  })

  test('over a log that acknowledges before it is durable, whose end may be lost and written anew', async () => {
    const { distinct } = await crashEverywhere({ seed: 5, modes: ['any'], every: 10, durability: 'os' })
    expect(distinct).toBeGreaterThan(100)
  })
})
