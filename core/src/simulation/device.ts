import { DiskError, type DiskErrorCode } from '../base/disk.ts'
import { SimulatedCrash } from './crash.ts'
import { DiskSnapshot, type InFlightWrite } from './disk-snapshot.ts'
import type { DiskState, Inode } from './disk-state.ts'
import { DiskStore } from './disk-store.ts'
import { FaultPlan, isDeviation, type Deviation, type DiskFault, type DiskOperation, type StepFate } from './fault-plan.ts'
import { hashName, mix } from './hash.ts'
import type { SimRandom } from './sim-random.ts'
import type { SimScheduler } from './sim-scheduler.ts'

/** One call of the port, seen just before and just after it takes effect. */
export interface DiskStep {
  /** From 1, in the order of the calls; asynchronous calls may take effect in another. */
  readonly n: number
  readonly operation: DiskOperation
  readonly path: string
  readonly phase: 'before' | 'after'
}

export interface DeviceOptions {
  readonly scheduler: SimScheduler
  readonly random: SimRandom
  readonly state: DiskState
  readonly faults: readonly DiskFault[]
  /** Called at a crash, before anything else runs. */
  readonly onCrash: (crash: SimulatedCrash) => void
}

/** What a step does, as it should or otherwise. */
type Effect<T> = (deviation: Deviation | null) => T

/** What a step does besides failing when a fault strikes it. */
type Harm = (fate: StepFate) => void

/**
 * The part of the disk under all its calls: it numbers them, lets faults strike and the process crash, and keeps the state.
 *
 *   synchronous     call = effect:   number · fault · before · effect · after
 *   asynchronous    call:            number · fault           effect (a later step of the scheduler):  before · effect · after
 *
 * Invariants
 *   V1  Every call of the port passes `now` or `later` exactly once.
 *   V2  Between `before` and the effect nothing runs: a snapshot taken there is what a crash at this step would leave, with
 *       the step's own write still in flight.
 *   V3  After a crash no effect takes place; synchronous calls throw the crash, asynchronous ones never settle.
 */
export class Device {
  readonly scheduler: SimScheduler
  readonly random: SimRandom
  readonly store: DiskStore
  readonly faults: FaultPlan
  readonly inFlight: Set<InFlightWrite> = new Set()
  readonly openFiles: Map<Inode, number> = new Map()
  readonly counts: Map<DiskOperation, number> = new Map()
  steps = 0
  crashStep: number | null = null
  onStep: ((step: DiskStep) => void) | null = null
  readonly #onCrash: (crash: SimulatedCrash) => void
  #crash: SimulatedCrash | null = null
  #snapshot: DiskSnapshot | null = null

  constructor({ scheduler, random, state, faults, onCrash }: DeviceOptions) {
    this.scheduler = scheduler
    this.random = random
    this.store = new DiskStore(state)
    this.faults = new FaultPlan(faults)
    this.#onCrash = onCrash
  }

  get crash(): SimulatedCrash | null {
    return this.#crash
  }

  /** A synchronous step. */
  now<T>(operation: DiskOperation, path: string, effect: Effect<T>, harm?: Harm): T {
    if (this.#crash !== null) throw this.#crash
    const n = this.#number(operation)
    return this.#perform({ n, operation, path }, this.faults.next(n, operation, path), effect, harm)
  }

  /** An asynchronous step, completed by the scheduler. */
  later<T>(operation: DiskOperation, path: string, effect: Effect<T>, harm?: Harm): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#crash !== null) return
      const n = this.#number(operation)
      const fate = this.faults.next(n, operation, path)
      this.#schedule(fate.delayMs, () => {
        try {
          if (this.#crash === null) resolve(this.#perform({ n, operation, path }, fate, effect, harm))
        } catch (error) {
          if (!(error instanceof SimulatedCrash)) reject(error)
        }
      })
    })
  }

  /** The state at this moment, with the writes that are on their way. */
  snapshot(): DiskSnapshot {
    const state = this.store.freeze()
    if (this.#snapshot?.state !== state || !this.#snapshot.hasInFlight(this.inFlight)) {
      this.#snapshot = new DiskSnapshot(state, [...this.inFlight])
    }
    return this.#snapshot
  }

  #number(operation: DiskOperation): number {
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1)
    this.steps += 1
    return this.steps
  }

  #schedule(delayMs: number, work: () => void): void {
    if (delayMs > 0) this.scheduler.after(delayMs, work)
    else this.scheduler.post(work)
  }

  #perform<T>(step: Omit<DiskStep, 'phase'>, fate: StepFate, effect: Effect<T>, harm: Harm | undefined): T {
    const { n, operation, path } = step
    this.scheduler.note(mix(n, hashName(operation)))
    this.onStep?.({ n, operation, path, phase: 'before' })
    if (n === this.crashStep) throw this.#die(step)
    try {
      if (fate.error === null || isDeviation(fate.error)) return effect(fate.error)
      throw this.#fail(step, fate, fate.error, harm)
    } finally {
      this.onStep?.({ n, operation, path, phase: 'after' })
    }
  }

  #fail({ operation, path }: Omit<DiskStep, 'phase'>, fate: StepFate, code: DiskErrorCode, harm: Harm | undefined): DiskError {
    harm?.(fate)
    return new DiskError(code, operation, path)
  }

  #die({ n, operation, path }: Omit<DiskStep, 'phase'>): SimulatedCrash {
    this.#crash = new SimulatedCrash(n, operation, path)
    this.#onCrash(this.#crash)
    return this.#crash
  }
}
