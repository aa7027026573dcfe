import type { Closer } from './stream-time.ts'

/**
 * The operators of a task that emit when time passes.
 *
 * Invariants
 *   C1  Of those that have something due the one furthest upstream goes first, until it has nothing more: what it emits may be
 *       input of the others, and must reach them before they close.
 *   C2  The end of the input reaches an operator when everything before it has emitted all it had.
 */
export class Closers {
  /** Upstream first. */
  private readonly all: Closer[] = []
  private readonly withDue = new Set<Closer>()
  /** How many have heard of the end of the input. */
  private ended = 0

  /** In the order in which a topology is built: downstream first. */
  add(closer: Closer): void {
    this.all.unshift(closer)
  }

  due(closer: Closer): void {
    this.withDue.add(closer)
  }

  get hasDue(): boolean {
    return this.withDue.size > 0
  }

  /** Lets the first one that has something due emit it, at most `limit` rows. */
  closeDue(limit: number): void {
    const closer = this.all.find((one) => this.withDue.has(one))
    if (closer === undefined) return
    this.withDue.delete(closer)
    if (closer.closeDue(limit)) this.withDue.add(closer)
  }

  /** Tells the next one that no input comes any more; call it while nothing is due. False: all have heard it. */
  endNext(): boolean {
    if (this.ended === this.all.length) return false
    this.all[this.ended++]!.endOfInput()
    return true
  }
}
