import type { Clock } from '@millrace/core'

/** Waiting that can be cut short. */
export class Delay {
  private readonly clock: Clock
  private end: () => void = () => {}

  constructor(clock: Clock) {
    this.clock = clock
  }

  async wait(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.clock.after(delayMs, resolve)
    this.end = resolve
    await promise
    timer.cancel()
  }

  /** Ends the wait that is on, if any. */
  cut(): void {
    this.end()
  }
}
