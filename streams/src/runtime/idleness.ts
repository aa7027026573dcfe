import type { InputQueue } from './input-queue.ts'

/**
 * How long the inputs of a task have given nothing, by the wall clock.
 *
 * Invariants
 *   I1  A task is idle while every input is caught up and empty: a backlog is not silence.
 *   I2  What has begun anew begins at zero: an opened task as much as one that has taken a record.
 */
export class Idleness {
  private readonly inputs: readonly InputQueue[]
  private readonly monotonic: () => number
  private since: number
  private hasTaken = false

  constructor(inputs: readonly InputQueue[], monotonic: () => number) {
    this.inputs = inputs
    this.monotonic = monotonic
    this.since = monotonic()
  }

  /** A record was taken, or the task rests. */
  took(): void {
    this.hasTaken = true
  }

  /** Milliseconds; to be asked in every turn. */
  measure(): number {
    const now = this.monotonic()
    if (this.hasTaken || !this.inputs.every(isSilent)) this.since = now
    this.hasTaken = false
    return now - this.since
  }
}

function isSilent(input: InputQueue): boolean {
  return !input.isPaused && input.caughtUp && input.peek() === undefined
}
