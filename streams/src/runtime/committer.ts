import {
  MillraceError,
  type Clock,
  type CommittedPosition,
  type GroupMembership,
  type Producer,
  type TransactionResult,
  type TransactionWork,
} from '@millrace/core'
import { lost } from './group-member.ts'
import type { StepLimits } from './step-limits.ts'
import type { Task } from './task.ts'

/**
 * The commit of a step: outputs, changelogs, positions and times of every task that did something, in one transaction.
 *
 * Each carries who commits: the log refuses it when the group has gone on without this instance (KIP-447).
 *
 * The order matters: freeze all tasks in one turn; write one transaction; only then let the stores follow. An error leaves
 * the stores behind the log or equal to it, never ahead: every task that took part is closed and opened again.
 */
export class Committer {
  private readonly producer: Producer
  private readonly identity: () => GroupMembership
  private readonly clock: Clock
  private readonly limits: StepLimits
  private committedAt: number

  constructor(producer: Producer, identity: () => GroupMembership, clock: Clock, limits: StepLimits) {
    this.producer = producer
    this.identity = identity
    this.clock = clock
    this.limits = limits
    this.committedAt = clock.monotonic()
  }

  /** Milliseconds since the last commit. */
  get ageMs(): number {
    return this.clock.monotonic() - this.committedAt
  }

  /** @throws MEMBERSHIP_LOST, VALUE_UNWRITABLE, RECORD_TOO_LARGE, TRANSACTION_TOO_LARGE, and what the log throws */
  async commit(tasks: readonly Task[]): Promise<void> {
    const time = this.clock.now()
    const steps = this.freeze(tasks)
    const batches = steps.flatMap((step) => step.batches)
    const positions = steps.flatMap((step) => step.positions)
    const result = await this.transact(batches, positions)
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
    if (positions.length > 0) await this.transact([], positions)
  }

  private async transact(
    batches: TransactionWork['batches'],
    positions: readonly CommittedPosition[],
  ): Promise<TransactionResult> {
    try {
      return await this.producer.transact({ batches, offsets: { ...this.identity(), positions } })
    } catch (error) {
      throw error instanceof MillraceError && outside.includes(error.code) ? lost(error) : error
    }
  }
}

/** What the log says to somebody who is not in the group any more. */
const outside: readonly string[] = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION']

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0)
}
