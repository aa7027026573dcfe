/** Time and turns of the event loop. The only source of both in the product, so that a simulation can own them. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It may jump; never measure durations with it. */
  now(): number
  /** Milliseconds that only rise, with no meaning of their own. For durations and deadlines. */
  monotonic(): number
  /** Runs `work` once after `delayMs`. A timer keeps the process alive: somebody waits for it. */
  after(delayMs: number, work: () => void): Timer
  /** The same for housekeeping that nobody waits for: it does not keep the process alive. */
  inBackground(delayMs: number, work: () => void): Timer
  /** Resolves in a later turn of the event loop, after input and output that are waiting now. */
  turn(): Promise<void>
}

export interface Timer {
  /** Has no effect once the work has run. */
  cancel(): void
}
