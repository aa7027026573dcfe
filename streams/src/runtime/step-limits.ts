/**
 * How large a step may grow before it is committed. Outputs are encoded at once and have their size; what a changed key will
 * take in its changelog shows only in the commit, so it is foreseen from the commits before.
 *
 * Invariants
 *   B1  It outlives the incarnations of an instance: a commit that was too large makes the steps after it smaller.
 *   B2  A step of one event is never divided: if that is too large, the error is final.
 */
export class StepLimits {
  readonly maxBytes: number
  private changeBytes = 256
  private events = Infinity
  private attempted = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Bytes that a changed key is expected to take. */
  get bytesPerChange(): number {
    return this.changeBytes
  }

  /** Events that a step may have. */
  get maxEvents(): number {
    return this.events
  }

  /** A step is about to be committed. The estimate rises at once and falls slowly. */
  attempt(events: number, changes: number, changelogBytes: number): void {
    this.attempted = events
    if (changes > 0) this.changeBytes = Math.ceil(Math.max(changelogBytes / changes, this.changeBytes * 0.9))
  }

  committed(): void {
    if (this.events !== Infinity) this.events = this.events > 1e6 ? Infinity : this.events * 2
  }

  /** The step did not fit into a transaction. False: it cannot be made smaller. */
  tooLarge(): boolean {
    if (this.attempted <= 1) return false
    this.events = Math.ceil(this.attempted / 4)
    return true
  }
}
