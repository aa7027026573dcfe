import type { Closer } from './stream-time.ts'

/**
 * The operators of a task that emit when time passes.
 *
 * Invariants
 *   C1  Of those that have something due the one furthest upstream goes first, until it has nothing more: what it emits may be
 *       input of the others, and must reach them before they close.
 *   C2  The end of the input reaches an operator when everything before it has emitted all it had.
 *   C3  Behind a loop (records leave the task there and come back) that is when nothing is on its way any more.
 */
export class Closers {
  /** Upstream first. */
  private readonly all: Closer[] = []
  private readonly withDue = new Set<Closer>()
  /** How many have heard of the end of the input. */
  private ended = 0
  /** How many loops stand before each. */
  private readonly loops = new Map<Closer, number>()

  /** In the order in which a topology is built: downstream first. */
  add(closer: Closer): void {
    this.all.unshift(closer)
    this.loops.set(closer, 0)
  }

  /** What was added so far stands behind a loop. */
  addLoop(): void {
    for (const [closer, loops] of this.loops) this.loops.set(closer, loops + 1)
  }

  /** The task has had no input for so long. */
  idle(idleMs: number): void {
    for (const closer of this.all) closer.idle?.(idleMs)
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

  /**
   * Tells the next one that no input comes any more; call it while nothing is due. False: all have heard it, or all that stand
   * behind at most so many loops.
   */
  endNext(loops: number = Infinity): boolean {
    const next = this.all[this.ended]
    if (next === undefined || this.loops.get(next)! > loops) return false
    this.ended++
    next.endOfInput()
    return true
  }
}
