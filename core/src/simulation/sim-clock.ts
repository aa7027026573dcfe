import type { Clock, Timer } from '../base/clock.ts'
import type { SimScheduler } from './sim-scheduler.ts'

/** Virtual time: it stands still while anything is runnable, and jumps to the next timer when nothing is. */
export class SimClock implements Clock {
  readonly #scheduler: SimScheduler
  #wallOffsetMs: number

  constructor(scheduler: SimScheduler, startTimeMs: number) {
    this.#scheduler = scheduler
    this.#wallOffsetMs = startTimeMs
  }

  now(): number {
    return Math.floor(this.#wallOffsetMs + this.#scheduler.elapsedMs)
  }

  monotonic(): number {
    return this.#scheduler.elapsedMs
  }

  after(delayMs: number, work: () => void): Timer {
    return this.#scheduler.after(delayMs, work)
  }

  inBackground(delayMs: number, work: () => void): Timer {
    return this.#scheduler.after(delayMs, work)
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.#scheduler.postBarrier(resolve))
  }

  /** Sets the wall clock forward, or back with a negative number, as an administrator or NTP would. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs
  }
}
