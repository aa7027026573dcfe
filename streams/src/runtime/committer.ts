import type { Clock, Producer } from '@millrace/core'
import type { CommittedPosition } from '@millrace/core'
import type { StepLimits } from './step-limits.ts'
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
  private readonly limits: StepLimits
  private committedAt: number

  constructor(producer: Producer, group: string, clock: Clock, limits: StepLimits) {
    this.producer = producer
    this.group = group
    this.clock = clock
    this.limits = limits
    this.committedAt = clock.monotonic()
  }

  /** Milliseconds since the last commit. */
  get ageMs(): number {
    return this.clock.monotonic() - this.committedAt
  }

  /** @throws VALUE_UNWRITABLE, RECORD_TOO_LARGE, TRANSACTION_TOO_LARGE, and what the log throws */
  async commit(tasks: readonly Task[]): Promise<void> {
    const time = this.clock.now()
    const steps = this.freeze(tasks)
    const batches = steps.flatMap((step) => step.batches)
    const positions = steps.flatMap((step) => step.positions)
    const result = await this.producer.transact({ batches, offsets: { group: this.group, positions } })
    let first = 0
    for (const step of steps) {
      step.committed(result, first, time)
      first += step.batches.length
    }
    this.limits.committed()
    this.committedAt = this.clock.monotonic()
  }

  private freeze(tasks: readonly Task[]) {
    const events = sum(tasks, (task) => task.stepEvents)
    const changes = sum(tasks, (task) => task.state.openChanges)
    const outputBytes = sum(tasks, (task) => task.uncommittedBytes(0))
    const steps = tasks.map((task) => task.freeze())
    const bytes = sum(steps, (step) => sum(step.batches, (batch) => batch.sizeBytes))
    this.limits.attempt({ events, changes, changelogBytes: bytes - outputBytes, bytes })
    return steps
  }

  /** Commits positions that no step moved: the ends of a bounded application at its first start. */
  async commitPositions(positions: readonly CommittedPosition[]): Promise<void> {
    if (positions.length > 0) await this.producer.transact({ batches: [], offsets: { group: this.group, positions } })
  }
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0)
}
