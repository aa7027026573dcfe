import type { Timer } from '@millrace/core'

interface Due extends Timer {
  readonly at: number
  readonly work: () => void
}

/** Timers of a clock that somebody moves by hand. */
export class MemoryTimers {
  readonly #all = new Set<Due>()

  add(at: number, work: () => void): Timer {
    const timer: Due = { at, work, cancel: () => void this.#all.delete(timer) }
    this.#all.add(timer)
    return timer
  }

  /** Those that are due by then, in the order of their times, then as they were made. */
  runDue(now: number): void {
    for (let due = this.#first(now); due !== undefined; due = this.#first(now)) {
      this.#all.delete(due)
      due.work()
    }
  }

  #first(now: number): Due | undefined {
    let first: Due | undefined
    for (const timer of this.#all) if (timer.at <= now && (first === undefined || timer.at < first.at)) first = timer
    return first
  }
}
