import type { Clock } from '../base/clock.ts'

/** So many a second, evenly; a rate of 0 or less is no bound. */
export class Pace {
  private readonly clock: Clock
  private readonly perMs: number
  private readonly startedAt: number

  constructor(clock: Clock, perSecond: number) {
    this.clock = clock
    this.perMs = perSecond > 0 ? perSecond / 1000 : Infinity
    this.startedAt = clock.monotonic()
  }

  /** How many more may go now, when so many went. */
  due(gone: number): number {
    if (this.perMs === Infinity) return Infinity
    return Math.max(0, Math.floor((this.clock.monotonic() - this.startedAt) * this.perMs) + 1 - gone)
  }

  untilNext(gone: number): Promise<void> {
    const waitMs = Math.max(1, gone / this.perMs - (this.clock.monotonic() - this.startedAt))
    return new Promise((resolve) => void this.clock.after(waitMs, resolve))
  }
}
