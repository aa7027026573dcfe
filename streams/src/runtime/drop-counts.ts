import type { DropReason } from '../task/task-context.ts'

/** How many records did not go on, by reason. One a application, over all its tasks. */
export class DropCounts {
  private readonly counts = new Map<DropReason, number>()

  add(reason: DropReason): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1)
  }

  snapshot(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.counts)
  }
}
