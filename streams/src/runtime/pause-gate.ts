import type { Clock } from '@millrace/core'
import { Delay } from './delay.ts'

/**
 * Where the loop rests while the user has paused the application (KIP-834), and which sources rest while it runs.
 *
 * Invariants
 *   U1  It outlives the incarnations of an instance: what was paused comes back paused.
 *   U2  `rested` is told when everything that was open is committed and nothing is processed any more.
 */
export class PauseGate {
  isPaused = false
  /** Topics from which nothing is taken. */
  readonly sources: Set<string> = new Set<string>()
  private readonly delay: Delay
  private waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.delay = new Delay(clock)
  }

  /** Resolves when the loop rests; at once where it does not run. */
  pause(): Promise<void> {
    this.isPaused = true
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  resume(): void {
    this.isPaused = false
    this.rested()
    this.wake()
  }

  /** Nothing is open, nothing goes on; or nobody has to wait for that any more. */
  rested(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  /** Waits, but not beyond `wake`. */
  wait(delayMs: number): Promise<void> {
    return this.delay.wait(delayMs)
  }

  wake(): void {
    this.delay.cut()
  }
}
