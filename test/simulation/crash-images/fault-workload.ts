import {
  openSimulatedLog,
  simWorld,
  SimRandom,
  type CrashMode,
  type DiskFault,
  type DiskImage,
  type SimWorld,
  type Survival,
} from '@millrace/core/testing'
import { checkLog } from './check-log.ts'
import { compareDamaged } from './damaged-log.ts'
import { LogDriver, geometry } from './log-driver.ts'
import { LogHistory, type Promised } from './log-history.ts'
import { readLog } from './read-log.ts'
import type { Base } from './crash-workload.ts'
import { nameOf, type Workload } from './workloads.ts'

/** What goes wrong with the disk during the last operation of a workload. */
export interface Trouble {
  readonly name: string
  readonly fault: Omit<DiskFault, 'nth' | 'atStep'>
  /** The disk does not say so: what is spoilt can only be noticed. */
  readonly silent: boolean
}

export const troubles: readonly Trouble[] = [
  ...(['ENOSPC', 'EIO'] as const).flatMap((error): Trouble[] => [
    { name: `${error} once`, fault: { error }, silent: false },
    { name: `${error} for ever`, fault: { error, times: 'forever' }, silent: false },
  ]),
  { name: 'short writes', fault: { operation: 'write', error: 'short', times: 'forever' }, silent: false },
  { name: 'failed sync', fault: { operation: 'dataSync', error: 'EIO', afterSyncFail: 'dropped' }, silent: false },
  { name: 'failed sync, kept', fault: { operation: 'dataSync', error: 'EIO', afterSyncFail: 'kept' }, silent: false },
  { name: 'misdirected write', fault: { operation: 'write', error: 'misdirected' }, silent: true },
]

export interface FaultTally {
  /** Lives in which the fault struck. */
  runs: number
  images: number
  distinct: number
  checks: number
  /** Of silent troubles: logs that refused to open, and that named a damaged place when they were read. */
  refused: number
  named: number
  /** Of silent troubles: logs of which the last acknowledged submissions were missing without a word. */
  shortened: number
}

export interface FaultShare {
  /** Every how many-th step of the operation is struck. */
  readonly every: number
  readonly seen: Set<string>
  /** In other lives of the same workload, by image and promise. */
  readonly checked?: Set<string>
  readonly only?: { readonly nth: number; readonly end: number }
}

const seed = 1
const nothing: FaultTally = { runs: 0, images: 0, distinct: 0, checks: 0, refused: 0, named: 0, shortened: 0 }
/** The last frame of a journal may be lost to rot, and these workloads put at most so many submissions into one. */
const submissionsInFrame = 4

/** How a life ends whose disk has failed. */
const ends: readonly (readonly [CrashMode, (nth: number) => Survival])[] = [
  ['kill9', () => 'most'],
  ['any', () => 'least'],
  ['any', () => 'most'],
  ['any', (nth) => new SimRandom(seed + nth)],
]

/** Lets the trouble strike at each n-th step of the last operation, then cuts the power, and compares. */
export async function faultWorkload(workload: Workload, base: Base, trouble: Trouble, share: FaultShare): Promise<FaultTally> {
  const tally = { ...nothing }
  const first = 1 + ((workload.operations.length * 7) % share.every)
  for (let nth = share.only?.nth ?? first; ; nth += share.every) {
    const life = new FaultyLife(workload, base, trouble, nth)
    await life.run()
    if (!life.isStruck) return tally
    tally.runs += 1
    for (const [end, [mode, survival]] of ends.entries()) {
      if (share.only !== undefined && share.only.end !== end) continue
      await life.check(mode, survival(nth), share, tally).catch((cause: unknown) => {
        const where = `${nameOf(workload)}; ${trouble.name}, only: ${JSON.stringify({ nth, end })}`
        throw new Error(`${(cause as Error).message}\n${where}`, { cause })
      })
    }
    if (share.only !== undefined) return tally
  }
}

/** Flips bits at so many places of what the workload has left. */
export async function rotWorkload(
  workload: Workload,
  base: Base,
  share: { readonly times: number; readonly seen: Set<string>; readonly only?: number },
): Promise<FaultTally> {
  const tally = { ...nothing }
  const life = new FaultyLife(workload, base, { name: 'rot', fault: { path: 'nothing' }, silent: true }, 1)
  await life.run()
  await life.rot(share.times, share.seen, tally, share.only)
  return tally
}

function filesIn(disk: SimWorld['disk'], folder: string): string[] {
  return disk.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`
    return disk.stat(path)!.kind === 'folder' ? filesIn(disk, path) : [path]
  })
}

class FaultyLife {
  readonly #workload: Workload
  readonly #trouble: Trouble
  readonly #nth: number
  readonly #world: SimWorld
  readonly #history: LogHistory
  #promised: Promised | null = null

  constructor(workload: Workload, base: Base, trouble: Trouble, nth: number) {
    this.#workload = workload
    this.#trouble = trouble
    this.#nth = nth
    this.#world = simWorld({ seed: seed + nth, disk: base.disk, startTimeMs: base.timeMs })
    this.#history = new LogHistory(base.submissions)
  }

  get isStruck(): boolean {
    return this.#world.disk.faults.strikes().some((count) => count > 0)
  }

  async run(): Promise<void> {
    const { durability, operations } = this.#workload
    const { faults } = this.#world.disk
    await this.#world.run(async () => {
      const driver = await LogDriver.open(this.#world, durability, this.#history)
      for (const operation of operations.slice(0, -1)) await driver.take(operation)
      faults.add({ ...this.#trouble.fault, nth: this.#nth })
      const last = operations.at(-1)
      if (last !== undefined) await driver.take(last)
      if (this.#history.doubtful.size === 0 && !this.#trouble.silent) await driver.take('append') // on a disk that fails on, or not
      this.#promised = driver.promised()
    })
  }

  async check(mode: CrashMode, survival: Survival, { seen, checked }: FaultShare, tally: FaultTally): Promise<void> {
    const image = this.#world.disk.image(mode, survival)
    const before = seen.size
    seen.add(image.fingerprint())
    tally.images += 1
    tally.distinct += seen.size - before
    const { refused, doubtful } = this.#history
    const promise = JSON.stringify([this.#isKept(mode), this.#trouble.silent, this.#promised, [...refused], [...doubtful]])
    const key = `${image.fingerprint()} ${promise}`
    if (checked?.has(key) === true) return
    checked?.add(key)
    tally.checks += 1
    await this.#inNextLife(image, (world) => this.#compare(world, mode, tally))
  }

  async #inNextLife(disk: DiskImage, work: (world: SimWorld) => Promise<void>): Promise<void> {
    const world = simWorld({ seed, disk, startTimeMs: this.#world.clock.now() })
    await world.run(() => work(world))
  }

  /** Whether all that was acknowledged must be there after such an end. */
  #isKept(mode: CrashMode): boolean {
    return this.#workload.durability === 'sync' || mode === 'kill9'
  }

  async #compare(world: SimWorld, mode: CrashMode, tally: FaultTally): Promise<void> {
    const { durability } = this.#workload
    const isKept = this.#isKept(mode)
    const atLeast = isKept ? this.#promised!.acknowledged : this.#promised!.durable
    if (this.#trouble.silent) return this.#compareSpoilt(world, atLeast, tally)
    const log = await openSimulatedLog(world, durability, geometry)
    const demand = { atLeast, promised: this.#promised!, seenStays: isKept, looseStarts: true }
    checkLog(await readLog(log), this.#history, demand)
  }

  async #compareSpoilt(world: SimWorld, atLeast: number, tally: FaultTally): Promise<void> {
    const { kind, k } = await compareDamaged(world, this.#workload.durability, this.#history)
    if (kind !== 'whole') tally[kind] += 1
    if (kind === 'refused' || k >= atLeast) return
    tally.shortened += 1
    if (k < atLeast - submissionsInFrame) throw new Error(`${atLeast} were acknowledged, and without a word ${k} are there`)
  }

  /** Flips bits of a byte of some file, so many times over, each on a disk of its own. */
  async rot(times: number, seen: Set<string>, tally: FaultTally, only?: number): Promise<void> {
    const image = this.#world.disk.image('any', 'most')
    for (let time = 0; time < times; time++) {
      if (only !== undefined && time !== only) continue
      const random = new SimRandom(seed + time)
      const rotten = simWorld({ seed, disk: image, startTimeMs: this.#world.clock.now() })
      const files = filesIn(rotten.disk, '/log')
      const path = files[random.int(files.length)]!
      const sizeBytes = rotten.disk.stat(path)!.sizeBytes
      if (sizeBytes === 0) continue
      rotten.disk.rot(path, random.int(sizeBytes), 1 << random.int(8))
      const disk = rotten.disk.image('kill9', 'most')
      const before = seen.size
      seen.add(disk.fingerprint())
      tally.runs += 1
      tally.images += 1
      tally.distinct += seen.size - before
      tally.checks += 1
      const { acknowledged, durable } = this.#promised!
      const atLeast = this.#workload.durability === 'sync' ? acknowledged : durable
      await this.#inNextLife(disk, (world) => this.#compareSpoilt(world, atLeast, tally)).catch((cause: unknown) => {
        throw new Error(`${(cause as Error).message}\n${nameOf(this.#workload)}; rot of ${path}, only: ${time}`, { cause })
      })
    }
  }
}
