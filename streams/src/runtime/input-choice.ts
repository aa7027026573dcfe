import type { InputQueue } from './input-queue.ts'
import type { TimeOfHead } from './record-times.ts'

export interface InputChoiceParts {
  readonly inputs: readonly InputQueue[]
  readonly maxIdleMs: number
  readonly monotonic: () => number
  /** Null: the log's timestamps. */
  readonly timeOf: TimeOfHead | null
}

/**
 * Which input of a task gives the next record (KIP-353, KIP-695).
 *
 * Invariants
 *   H1  The oldest record comes first, by timestamp, then in the order of the plan.
 *   H2  An empty input that may still give an older record is waited for: as long as the log is known to have more for it, and then
 *       `maxIdleMs` of the wall clock for producers, counted from when the others first had to wait. -1: never.
 *   H3  Whoever has waited once goes on without: until every input has a record again.
 */
export class InputChoice {
  private readonly inputs: readonly InputQueue[]
  private readonly maxIdleMs: number
  private readonly monotonic: () => number
  private readonly timeOf: TimeOfHead | null
  /** When the wait for producers ends; null: nothing waits. */
  private end: number | null = null
  /** Records that were chosen while an input was empty that may still give an older one (KIP-695). */
  enforced = 0

  constructor({ inputs, maxIdleMs, monotonic, timeOf }: InputChoiceParts) {
    this.inputs = inputs
    this.maxIdleMs = maxIdleMs
    this.monotonic = monotonic
    this.timeOf = timeOf
  }

  /** Undefined: nothing may be taken now. */
  next(): InputQueue | undefined {
    let chosen: InputQueue | undefined
    let oldest = Infinity
    let isComplete = true
    for (const input of this.inputs) {
      if (input.isPaused) continue
      const record = input.peek()
      if (record === undefined) {
        if (this.maxIdleMs >= 0 && mayHaveMore(input)) return undefined
        isComplete = isComplete && input.limit !== Infinity
      } else {
        const time = this.timeOf === null ? record.timestamp : this.timeOf(input, record)
        if (time >= oldest) continue
        oldest = time
        chosen = input
      }
    }
    if (isComplete) this.end = null
    else if (chosen !== undefined) {
      if (this.mustWait()) return undefined
      if (this.maxIdleMs >= 0) this.enforced++
    }
    return chosen
  }

  /** The monotonic time at which a wait ends; Infinity: none is on. */
  get waitsUntil(): number {
    return this.end !== null && this.end > this.monotonic() ? this.end : Infinity
  }

  private mustWait(): boolean {
    if (this.maxIdleMs <= 0) return false
    const now = this.monotonic()
    this.end ??= now + this.maxIdleMs
    return now < this.end
  }
}

/** The log has more for it: always before a known end, otherwise until a poll brought nothing. */
function mayHaveMore(input: InputQueue): boolean {
  return input.limit === Infinity ? !input.caughtUp : !input.hasEnded
}
