import type { DropReason } from '../task/task-context.ts'

/** How many records did not go on, by reason. Of a step: until its commit. Of an application: over all its tasks. */
export class DropCounts {
  private counts = new Map<DropReason, number>()

  add(reason: DropReason, count: number = 1): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + count)
  }

  /** Takes over what another has counted; that one begins anew. */
  absorb(other: DropCounts): void {
    for (const [reason, count] of other.counts) this.add(reason, count)
    other.counts = new Map()
  }

  snapshot(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.counts)
  }
}
