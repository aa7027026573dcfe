import { MillraceError } from '@millrace/core'
import type { Retries } from '../runtime/retries.ts'
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
 *   R4  What the error policy wants tried again is counted there, not here.
 */
export class Restarts {
  private readonly limits: StepLimits
  private readonly retries: Retries
  private inARow = 0

  constructor(limits: StepLimits, retries: Retries) {
    this.limits = limits
    this.retries = retries
  }

  committed(): void {
    this.inARow = 0
  }

  /** Null: it does not come back. */
  delayAfter(error: unknown): number | null {
    if (!(error instanceof MillraceError)) return null
    if (error.code === 'TRANSACTION_TOO_LARGE') return this.limits.tooLarge() ? 0 : null
    if (error.code === 'PROCESSING_RETRIED') return this.retries.delayMs
    if (!mayPass(error) || this.inARow === mostInARow) return null
    return Math.min(longestDelayMs, firstDelayMs * 2 ** this.inARow++)
  }
}

function mayPass({ fault, outcome }: MillraceError): boolean {
  return fault === 'world' && (outcome === 'retriable' || outcome === 'unknownOutcome')
}
