import type { Timer } from '../base/clock.ts'
import { eachTurn } from './event-loop.ts'
import { mix } from './hash.ts'
import { RunQueue, type Choose } from './run-queue.ts'
import { simulationError } from './simulation-errors.ts'
import { TimerHeap, type SimTimer } from './timer-heap.ts'

/**
 * The one source of completions in a simulated world: input and output, timers and turns of the loop all go through it.
 *
 *   step:   next of the queue → all microtasks → next …     queue empty: virtual time jumps to the next timer
 *
 * Invariants
 *   R1  One thing completes at a time, and the next one only after all microtasks of the last have run, as in a real loop.
 *   R2  What runs next is a function of the calls made so far and of `choose`. Nothing real takes part: no clock, no thread.
 *   R3  Virtual time moves only when nothing is runnable, and by `stepMicros` a step.
 *   R4  A run ends: with its work, its failure, a crash, a deadlock, or after `maxSteps`.
 */
export class SimScheduler {
  readonly #queue: RunQueue
  readonly #timers = new TimerHeap()
  readonly #maxSteps: number
  readonly #stepMicros: number
  #elapsedMicros = 0
  #order = 0
  #steps = 0
  #trace = 0
  #running = false
  #halted: { readonly reason: unknown } | null = null

  constructor(options: SchedulerOptions = {}) {
    this.#queue = new RunQueue(options.choose ?? null)
    this.#maxSteps = options.maxSteps ?? 20_000_000
    this.#stepMicros = options.stepMicros ?? 0
  }

  /** Virtual milliseconds since this world began. */
  get elapsedMs(): number {
    return this.#elapsedMicros / 1000
  }

  /** Completions so far. */
  get steps(): number {
    return this.#steps
  }

  /** A hash of all that happened, in order: equal for equal runs. */
  get trace(): string {
    return (this.#trace >>> 0).toString(16).padStart(8, '0')
  }

  /** Adds a fact to the trace. */
  note(fact: number): void {
    this.#trace = mix(this.#trace, fact)
  }

  /** `work` runs in a later step; of what waits, `choose` says which is next. */
  post(work: () => void): void {
    this.#queue.post(work)
  }

  /** `work` runs after all that waits now, and before all that is posted later. */
  postBarrier(work: () => void): void {
    this.#queue.postBarrier(work)
  }

  after(delayMs: number, work: () => void): Timer {
    const delayMicros = delayMs > 0 ? Math.round(delayMs * 1000) : 0
    return this.#timers.add(this.#elapsedMicros + delayMicros, this.#order++, work)
  }

  /** Ends the run, and every later one: nothing in this world runs any more. */
  halt(reason: unknown): void {
    this.#halted ??= { reason }
  }

  /** Drives the world until the work has settled. What it left behind waits for the next run. */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running) throw simulationError('SIMULATION_BUSY', { what: 'this world is already running' })
    this.#running = true
    return new Promise((resolve, reject) => {
      const outcome = outcomeOf(work)
      const lastStep = this.#steps + this.#maxSteps
      eachTurn(() => {
        const going = outcome.settled === null && this.#tryStep(lastStep, reject)
        if (going) return true
        this.#running = false
        if (this.#halted !== null) reject(this.#halted.reason)
        else outcome.settled?.(resolve, reject)
        return false
      })
    })
  }

  /** False when the run has failed. */
  #tryStep(lastStep: number, fail: (error: unknown) => void): boolean {
    try {
      if (this.#halted !== null) return false
      if (this.#steps >= lastStep) throw endless(this.#maxSteps, this.elapsedMs)
      this.#step()
      return true
    } catch (error) {
      fail(error)
      return false
    }
  }

  #step(): void {
    this.#elapsedMicros += this.#stepMicros
    const work = this.#next()
    this.#steps += 1
    this.#trace = mix(this.#trace, this.#elapsedMicros)
    work()
  }

  #next(): () => void {
    this.#postDueTimers()
    const work = this.#queue.take()
    if (work !== undefined) return work
    const timer = this.#timers.peek()
    if (timer === undefined) throw deadlock(this.elapsedMs)
    this.#elapsedMicros = Math.max(this.#elapsedMicros, timer.dueMicros)
    return this.#next()
  }

  #postDueTimers(): void {
    for (
      let timer = this.#timers.peek();
      timer !== undefined && timer.dueMicros <= this.#elapsedMicros;
      timer = this.#timers.peek()
    ) {
      const due = timer
      this.#timers.pop()
      this.#queue.post(() => runTimer(due))
    }
  }
}

export interface SchedulerOptions {
  /** Which of the runnable completions comes next; first come, first served without it. */
  readonly choose?: Choose | undefined
  /** Steps that one run may take; 20 million without it. */
  readonly maxSteps?: number | undefined
  /** Virtual microseconds that each step takes; 0 without it, so that only timers move time. */
  readonly stepMicros?: number | undefined
}

/** A timer may be cancelled between coming due and its turn. */
function runTimer(timer: SimTimer): void {
  const { work } = timer
  timer.work = null
  work?.()
}

type Settle<T> = (resolve: (value: T) => void, reject: (reason: unknown) => void) => void

/** What became of the work, to be asked for at a quiet point. */
function outcomeOf<T>(work: () => Promise<T>): { settled: Settle<T> | null } {
  const outcome: { settled: Settle<T> | null } = { settled: null }
  const begin = async (): Promise<T> => work()
  begin().then(
    (value) => {
      outcome.settled = (resolve) => resolve(value)
    },
    (error: unknown) => {
      outcome.settled = (_resolve, reject) => reject(error)
    },
  )
  return outcome
}

function deadlock(elapsedMs: number): Error {
  return simulationError('SIMULATION_DEADLOCK', {
    what: 'nothing is runnable, no timer waits, and the work has not settled',
    where: `after ${elapsedMs} virtual ms`,
  })
}

function endless(maxSteps: number, elapsedMs: number): Error {
  return simulationError('SIMULATION_ENDLESS', {
    what: 'the work has not settled',
    where: `after ${elapsedMs} virtual ms`,
    expected: `at most ${maxSteps} steps`,
  })
}
