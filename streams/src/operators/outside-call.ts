/**
 * One call to the outside: its attempts, each with a time limit, and the waits between them.
 *
 * Invariants
 *   O1  It ends once: with the value of the attempt that succeeded, with the error of the last one, or never, after `cancel`.
 *   O2  An attempt that ran out of time has failed; what its promise does later is of no interest.
 *   O3  What user code throws goes nowhere but into the outcome: a call runs in any turn, also in the middle of an event.
 */
import type { Timer } from '@millrace/core'
import type { InputPlace } from '../time/pending-input.ts'
import { streamError } from '../time/stream-errors.ts'

/** What user code is told about its call. */
interface CallFacts {
  /** Aborted when the time is up (its reason is CALL_TIMED_OUT), and when the task is closed. */
  readonly signal: AbortSignal
  /** 1, and one more with each retry. */
  readonly attempt: number
  readonly meta: InputPlace
}

export type AsyncMapper = (value: unknown, key: unknown, call: CallFacts) => unknown

export interface RetryPlan {
  /** How often a call is made again. */
  readonly times: number
  /** Before the first retry. */
  readonly backoffMs: number
  /** What each wait is to the one before it. */
  readonly factor: number
}

export interface CallOptions {
  /** The node, for messages. */
  readonly name: string
  readonly mapper: AsyncMapper
  readonly timeoutMs: number
  readonly retry: RetryPlan
  /** The world's clock. */
  readonly after: (delayMs: number, work: () => void) => Timer
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly error: unknown; readonly attempts: number }

/** The input of a call. */
export interface CallInput {
  readonly key: unknown
  readonly value: unknown
  readonly place: InputPlace
}

/** Timers of Node go no further. */
const longestDelayMs = 2 ** 31 - 1

export class OutsideCall {
  readonly #options: CallOptions
  readonly #input: CallInput
  readonly #ended: (outcome: Outcome) => void
  #attempt = 0
  #timer: Timer | null = null
  #controller: AbortController | null = null
  #isOver = false

  /** `ended` is called in a later turn, never by this call. */
  constructor(options: CallOptions, input: CallInput, ended: (outcome: Outcome) => void) {
    this.#options = options
    this.#input = input
    this.#ended = ended
    this.#begin()
  }

  /** It never ends, and its signal is aborted. */
  cancel(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#controller?.abort()
  }

  #begin(): void {
    const attempt = ++this.#attempt
    const controller = new AbortController()
    this.#controller = controller
    this.#timer = this.#options.after(this.#options.timeoutMs, () => this.#timeOut(attempt))
    this.#made(attempt, controller.signal).then(
      (value) => this.#isCurrent(attempt) && this.#end({ kind: 'value', value }),
      (error: unknown) => this.#isCurrent(attempt) && this.#failed(error),
    )
  }

  /** Async, so that what is thrown at once is a rejection as well. */
  async #made(attempt: number, signal: AbortSignal): Promise<unknown> {
    const { key, value, place } = this.#input
    return await this.#options.mapper(value, key, { signal, attempt, meta: place })
  }

  /** False: it has run out of time, or the whole call is over. */
  #isCurrent(attempt: number): boolean {
    return !this.#isOver && attempt === this.#attempt && this.#controller !== null
  }

  #timeOut(attempt: number): void {
    if (!this.#isCurrent(attempt)) return
    const { timeoutMs, name } = this.#options
    const error = streamError('CALL_TIMED_OUT', { what: `a call gave nothing for ${timeoutMs} ms`, where: name })
    const controller = this.#controller
    this.#failed(error)
    controller?.abort(error)
  }

  #failed(error: unknown): void {
    const { times, backoffMs, factor } = this.#options.retry
    this.#timer?.cancel()
    this.#controller = null
    if (this.#attempt > times) return this.#end({ kind: 'failure', error, attempts: this.#attempt })
    const delayMs = Math.min(longestDelayMs, backoffMs * factor ** (this.#attempt - 1))
    this.#timer = this.#options.after(delayMs, () => {
      if (!this.#isOver) this.#begin()
    })
  }

  #end(outcome: Outcome): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#ended(outcome)
  }
}
