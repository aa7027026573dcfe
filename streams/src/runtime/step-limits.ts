/**
 * How large a step may grow before it is committed. Outputs are encoded at once and have their size; what a changed key will
 * take in its changelog shows only in the commit, so it is foreseen from the commits before.
 *
 * Invariants
 *   B1  It outlives the incarnations of an instance: a commit that was too large makes the steps after it smaller.
 *   B2  A step of one event is never divided: if that is too large, the error is final.
 */
/** What a changed key takes is not known before the first commit: it is a small one. */
const firstStepEvents = 1_000

export class StepLimits {
  private bytes: number
  private changeBytes = 256
  private events = firstStepEvents
  private attempted = { events: 0, bytes: 0 }

  constructor(maxBytes: number) {
    this.bytes = maxBytes
  }

  /** Bytes that a step may have. */
  get maxBytes(): number {
    return this.bytes
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
  attempt(step: {
    readonly events: number
    readonly changes: number
    readonly changelogBytes: number
    readonly bytes: number
  }): void {
    this.attempted = step
    if (step.changes > 0) this.changeBytes = Math.ceil(Math.max(step.changelogBytes / step.changes, this.changeBytes * 0.9))
  }

  committed(): void {
    this.events = Infinity
  }

  /** The step did not fit into a transaction; the next ones are a quarter of it. False: it cannot be made smaller. */
  tooLarge(): boolean {
    const { events, bytes } = this.attempted
    if (events <= 1) return false
    this.events = Math.ceil(events / 4)
    this.bytes = Math.min(this.bytes, Math.ceil(bytes / 4))
    return true
  }
}
