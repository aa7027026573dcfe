import { crashImage, crashModes, hasChoice, type CrashMode, type DiskImage, type Survival } from './crash-image.ts'
import { recordLife, type CrashPoint } from './crash-point.ts'
import type { DiskOperation } from './fault-plan.ts'
import { mix } from './hash.ts'
import { SimRandom } from './sim-random.ts'
import { simWorld, type SimWorld, type SimWorldOptions } from './sim-world.ts'
import { simulationError } from './simulation-errors.ts'

/**
 * Crashes a workload at every step of the disk and lets the caller check what is found afterwards.
 *
 *   life 1    step ─ step ─ step ─ … ─ end       runs once; before each step takes effect the disk is frozen and observed
 *               │      │      └ point → images (mode × choice) → recovered and checked, equal ones once
 *               │      └ …
 *   life 2      └ step ─ step ─ …                with `recovery`: the check of some images is crashed at every step as well
 *
 * Invariants
 *   X1  One run serves all points: a frozen disk is immutable, so a crash costs an image and not a replay.
 *   X2  A point is taken between the last code before a step and its effect, with that step's write in flight. So it has
 *       everything that was acknowledged while the disk looked like this; what is observed there must have survived.
 *   X3  An image is checked once for each different observation: a later one may promise more of the same disk.
 *   X4  Every image follows from the seed and its site alone; `only` makes that one again.
 */
export interface CrashEnumeration<T> {
  readonly seed: number
  /** The workload. It runs once, to its end. */
  readonly run: (world: SimWorld) => Promise<void>
  /** What the workload has promised so far, as a small plain value that later promises do not change. */
  readonly observe?: () => T
  /** Recovers and compares; throws when the promises are broken. */
  readonly check: (world: SimWorld, crash: CrashInfo<T>) => Promise<void>
  /** All three without it. */
  readonly modes?: readonly CrashMode[]
  /** Images of each mode at each point, at most: the least that may survive, the most, and others by the seed. 8 without it. */
  readonly imagesPerPoint?: number
  /** Asked at each step: whether to crash there. Everywhere without it. */
  readonly crashHere?: () => boolean
  /** The images of other enumerations too, by fingerprint: `distinct` counts those that are in none of them. It grows. */
  readonly seen?: Set<string>
  /** What other enumerations of the same workload, say in other modes, have checked already and this one need not. It grows. */
  readonly checked?: Set<string>
  /** The first point, from 1, and every how many-th: to share the work. */
  readonly from?: number
  readonly every?: number
  readonly recovery?: RecoveryCrashes<T>
  /** Only what a failure has named: one crash, or the crash and then the one of its recovery. */
  readonly only?: CrashSite | readonly CrashSite[]
  /** The world of the workload. Its order, capacity and bounds hold for the recoveries too, its faults do not. */
  readonly world?: Omit<SimWorldOptions, 'seed'>
}

/** Crashes also the check itself, at each of its steps, and checks what is found then. */
export interface RecoveryCrashes<T> {
  /** One in how many of the images that are checked; chosen by the seed. */
  readonly every: number
  /** Of the second crash; as of the first without it. */
  readonly modes?: readonly CrashMode[]
  /** 2 without it: the least and the most. */
  readonly imagesPerPoint?: number
  /** What the check has promised in its turn, say by showing a record to a reader; without it, what the first life had. */
  readonly observe?: () => T
}

/** Names one image of a workload and seed. */
export interface CrashSite {
  readonly step: number
  readonly mode: CrashMode
  readonly choice: number
}

export interface CrashPlace extends CrashSite {
  readonly operation: DiskOperation | 'end'
  readonly path: string
}

export interface CrashInfo<T> {
  /** What had been promised when the last crash came. */
  readonly observed: T
  /** The crashes that led here; two when the recovery from the first was crashed. */
  readonly crashes: readonly CrashPlace[]
}

export interface CrashTally {
  /** Steps of the workload. */
  readonly steps: number
  /** Moments at which it was crashed, those of recoveries included. */
  readonly points: number
  readonly images: number
  /** Different images. */
  readonly distinct: number
  /** Images that were recovered and checked, more than once under different observations. */
  readonly checks: number
}

export function enumerateCrashes<T = undefined>(options: CrashEnumeration<T>): Promise<CrashTally> {
  return new Enumeration(options).run()
}

class Enumeration<T> {
  readonly #options: CrashEnumeration<T>
  readonly #only: readonly CrashSite[] | null
  readonly #checked: Set<string>
  readonly #seen: Set<string>
  readonly #seenBefore: number
  #points = 0
  #images = 0
  #checks = 0

  constructor(options: CrashEnumeration<T>) {
    const { only } = options
    this.#options = options
    this.#checked = options.checked ?? new Set()
    this.#seen = options.seen ?? new Set()
    this.#seenBefore = this.#seen.size
    this.#only = only === undefined ? null : 'step' in only ? [only] : only
  }

  async run(): Promise<CrashTally> {
    const { seed, world: worldOptions, run, observe, crashHere } = this.#options
    const world = simWorld({ ...worldOptions, seed })
    const points = await recordLife(world, () => run(world), observe ?? nothing<T>, crashHere)
    const { steps } = world.disk
    await this.#crashAll(this.#selected(points), [])
    if (this.#only !== null && this.#checks < this.#only.length) throw notFound(seed, this.#only)
    return {
      steps,
      points: this.#points,
      images: this.#images,
      distinct: this.#seen.size - this.#seenBefore,
      checks: this.#checks,
    }
  }

  #selected(points: readonly CrashPoint<T>[]): readonly CrashPoint<T>[] {
    const { from = 1, every = 1 } = this.#options
    if (this.#only !== null) return points
    return points.filter((_, index) => index + 1 >= from && (index + 1 - from) % every === 0)
  }

  async #crashAll(points: readonly CrashPoint<T>[], before: readonly CrashPlace[]): Promise<void> {
    let last: CrashPoint<T> | null = null
    for (const point of points) {
      this.#points += 1
      if (this.#only === null && isRepeat(point, last)) continue
      last = point
      for (const mode of this.#modesAt(before.length)) await this.#crash(point, mode, before)
    }
  }

  #modesAt(depth: number): readonly CrashMode[] {
    const { modes = crashModes, recovery } = this.#options
    return depth === 0 ? modes : (recovery?.modes ?? modes)
  }

  async #crash(point: CrashPoint<T>, mode: CrashMode, before: readonly CrashPlace[]): Promise<void> {
    const { step, operation, path } = point
    for (const choice of this.#choices(point, mode, before.length)) {
      const crashes = [...before, { step, mode, choice, operation, path }]
      const seed = seedOf(this.#options.seed, crashes)
      const image = crashImage(point.snapshot, mode, survivalOf(choice, seed))
      if (this.#isNew(image, point)) await this.#live({ point, crashes, image, seed })
    }
  }

  /** The choices to make, from 0; of a replay only the one it names. */
  #choices({ snapshot, step }: CrashPoint<T>, mode: CrashMode, depth: number): readonly number[] {
    const site = this.#only?.[depth]
    if (site !== undefined) return site.step === step && site.mode === mode ? [site.choice] : []
    const { imagesPerPoint = 8, recovery } = this.#options
    const count = depth === 0 ? imagesPerPoint : (recovery?.imagesPerPoint ?? 2)
    return Array.from({ length: hasChoice(snapshot, mode) ? count : 1 }, (_, choice) => choice)
  }

  #isNew(image: DiskImage, { observedKey }: CrashPoint<T>): boolean {
    const fingerprint = image.fingerprint()
    const key = `${fingerprint} ${observedKey}`
    this.#images += 1
    this.#seen.add(fingerprint)
    if (this.#checked.has(key) && this.#only === null) return false
    this.#checked.add(key)
    return true
  }

  async #live(life: Life<T>): Promise<void> {
    this.#checks += 1
    if (!this.#isCrashedAgain(life)) return this.#guarded(life, (world, work) => world.run(work))
    const observe = this.#options.recovery?.observe ?? ((): T => life.point.observed)
    await this.#crashAll(await this.#guarded(life, (world, work) => recordLife(world, work, observe)), life.crashes)
  }

  /** Chosen by the site, not by a count, which could keep step with the modes and always miss one of them. */
  #isCrashedAgain({ crashes, seed }: Life<T>): boolean {
    const depth = crashes.length
    if (this.#only !== null) return depth < this.#only.length
    const { recovery } = this.#options
    return recovery !== undefined && depth === 1 && (mix(seed, 1) >>> 0) % recovery.every === 0
  }

  async #guarded<R>(life: Life<T>, drive: (world: SimWorld, work: () => Promise<void>) => Promise<R>): Promise<R> {
    const { world: worldOptions, check, seed } = this.#options
    const world = simWorld({ ...worldOptions, faults: [], seed: life.seed, disk: life.image, startTimeMs: life.point.timeMs })
    try {
      return await drive(world, () => check(world, { observed: life.point.observed, crashes: life.crashes }))
    } catch (error) {
      throw failed(error, seed, life.crashes)
    }
  }
}

/** What comes after a crash. */
interface Life<T> {
  readonly point: CrashPoint<T>
  readonly crashes: readonly CrashPlace[]
  readonly image: DiskImage
  readonly seed: number
}

/** A step that only looked leaves nothing new to find. */
function isRepeat<T>(point: CrashPoint<T>, last: CrashPoint<T> | null): boolean {
  return last !== null && last.snapshot === point.snapshot && last.observedKey === point.observedKey
}

function nothing<T>(): T {
  return undefined as T
}

function survivalOf(choice: number, seed: number): Survival {
  if (choice === 0) return 'least'
  return choice === 1 ? 'most' : new SimRandom(seed)
}

function seedOf(seed: number, crashes: readonly CrashSite[]): number {
  return crashes.reduce((hash, { step, mode, choice }) => mix(mix(hash, step), choice * 4 + crashModes.indexOf(mode)), seed)
}

function failed(cause: unknown, seed: number, crashes: readonly CrashPlace[]): Error {
  const places = crashes.map(({ step, operation, path, mode }) => `${mode} at step ${step}, ${operation} ${path}`)
  const only = crashes.map(({ step, mode, choice }) => ({ step, mode, choice }))
  return simulationError('CRASH_CHECK_FAILED', {
    what: cause instanceof Error ? cause.message : String(cause),
    where: `crashed ${places.join('; then ')}; seed ${seed}, only: ${JSON.stringify(only)}`,
    cause,
  })
}

function notFound(seed: number, only: readonly CrashSite[]): Error {
  return simulationError('CRASH_NOT_FOUND', { what: 'no such crash', where: `seed ${seed}, only: ${JSON.stringify(only)}` })
}
