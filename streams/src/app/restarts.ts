import { MillraceError } from '@millrace/core'
import type { StepLimits } from '../runtime/step-limits.ts'

const firstDelayMs = 100
const longestDelayMs = 5_000
/** In a row, without a commit between them: half a minute of trying. */
const mostInARow = 10

/**
 * Whether an application comes back after an error, and when: it opens everything again at what is committed.
 *
 * Invariants
 *   R1  Only what may pass by itself brings it back: troubles of the world that are retriable, and commits of unknown outcome.
 *   R2  A step that was too large for a transaction is tried again in smaller ones, without a wait.
 *   R3  It ends: without a commit in between there are at most `mostInARow`.
 */
export class Restarts {
  private readonly limits: StepLimits
  private inARow = 0

  constructor(limits: StepLimits) {
    this.limits = limits
  }

  committed(): void {
    this.inARow = 0
  }

  /** Null: it does not come back. */
  delayAfter(error: unknown): number | null {
    if (error instanceof MillraceError && error.code === 'TRANSACTION_TOO_LARGE') return this.limits.tooLarge() ? 0 : null
    if (!mayPass(error) || this.inARow === mostInARow) return null
    return Math.min(longestDelayMs, firstDelayMs * 2 ** this.inARow++)
  }
}

function mayPass(error: unknown): boolean {
  return (
    error instanceof MillraceError &&
    error.fault === 'world' &&
    (error.outcome === 'retriable' || error.outcome === 'unknownOutcome')
  )
}
