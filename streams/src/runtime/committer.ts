import type { Clock, CommittedPosition, OutgoingBatch, Producer } from '@millrace/core'
import type { Task } from './task.ts'

/**
 * The commit of a step: outputs, changelogs, positions and times of every task that did something, in one transaction.
 *
 * The order matters: freeze all tasks in one turn; write one transaction; only then let the stores follow. An error leaves
 * the stores behind the log or equal to it, never ahead: every task that took part is closed and opened again.
 */
export class Committer {
  private readonly producer: Producer
  private readonly group: string
  private readonly clock: Clock
  private committedAt: number
  /** Measured at each commit, to foresee the size of the next one. */
  private changeBytes = 256

  constructor(producer: Producer, group: string, clock: Clock) {
    this.producer = producer
    this.group = group
    this.clock = clock
    this.committedAt = clock.monotonic()
  }

  /** Milliseconds since the last commit. */
  get ageMs(): number {
    return this.clock.monotonic() - this.committedAt
  }

  /** Bytes that a changed key is expected to take in its changelog. */
  get bytesPerChange(): number {
    return this.changeBytes
  }

  async commit(tasks: readonly Task[]): Promise<void> {
    const time = this.clock.now()
    const changes = tasks.reduce((sum, task) => sum + task.state.openChanges, 0)
    const before = tasks.reduce((sum, task) => sum + task.uncommittedBytes(0), 0)
    const steps = tasks.map((task) => task.freeze())
    const batches: OutgoingBatch[] = []
    const positions: CommittedPosition[] = []
    const firsts = steps.map((step) => {
      const first = batches.length
      batches.push(...step.batches)
      positions.push(...step.positions)
      return first
    })
    const bytes = batches.reduce((sum, batch) => sum + batch.sizeBytes, 0)
    if (changes > 0) this.changeBytes = Math.ceil((bytes - before) / changes)
    const result = await this.producer.transact({ batches, offsets: { group: this.group, positions } })
    steps.forEach((step, index) => step.committed(result, firsts[index]!, time))
    this.committedAt = this.clock.monotonic()
  }

  /** Commits positions that no step moved: the ends of a bounded application at its first start. */
  async commitPositions(positions: readonly CommittedPosition[]): Promise<void> {
    if (positions.length > 0) await this.producer.transact({ batches: [], offsets: { group: this.group, positions } })
  }
}
