/**
 * How a task says what kind of failure it met. Anything else that it throws fails the task, which the worker restarts with
 * backoff.
 */

/** Try the same again: `poll` is called again later, `put` with the same records. Nothing of them has been done. */
export class RetriableError extends Error {
  /** Default: the worker's backoff. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'RetriableError'
    this.retryAfterMs = options.retryAfterMs
  }
}
