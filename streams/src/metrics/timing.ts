import { Stat } from './sampled.ts'

/** What is done again and again: how often, how long in all, and how long each time. */
export class Timing {
  readonly each: Stat = new Stat()
  count = 0
  spentMs = 0

  /** @param count of things that were done in this time, from 1 */
  record(spentMs: number, count: number = 1): void {
    this.count += count
    this.spentMs += spentMs
    this.each.record(spentMs / count)
  }
}
