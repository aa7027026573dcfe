import type { CommittedPosition, LogClient } from '@millrace/core'
import type { Plan, RepartitionTopic } from '../plan/plan.ts'
import type { InputQueue } from './input-queue.ts'
import type { Task } from './task.ts'

/**
 * Where a bounded application ends.
 *
 * Invariants
 *   E1  The ends of its sources are fixed at its first start and committed: a restart stops at the same records.
 *   E2  A reader of an internal topic ends where the topic ended after every writer had committed that it has ended.
 */
export class Ends {
  private readonly log: LogClient
  private readonly tasks: readonly Task[]
  private readonly repartitions: ReadonlyMap<string, RepartitionTopic>

  constructor(log: LogClient, plan: Plan, tasks: readonly Task[]) {
    this.log = log
    this.tasks = tasks
    const topics = plan.internalTopics.filter((topic) => topic.kind === 'repartition')
    this.repartitions = new Map(topics.map((topic) => [topic.topic, topic]))
  }

  /** Fixes the ends of sources that are not yet; returns the positions that make them durable. */
  async fix(): Promise<CommittedPosition[]> {
    const positions: CommittedPosition[] = []
    for (const task of this.tasks) {
      const open = task.inputs.filter((input) => input.limit === Infinity && !this.repartitions.has(input.topic))
      await this.end(open)
      if (open.length > 0) positions.push(...task.initialPositions())
    }
    return positions
  }

  /** Gives internal inputs their end once all their writers have ended. Called after every commit in which one did. */
  async update(): Promise<void> {
    for (const task of this.tasks)
      await this.end(task.inputs.filter((input) => input.limit === Infinity && this.isWritten(input)))
  }

  private isWritten({ topic }: InputQueue): boolean {
    const repartition = this.repartitions.get(topic)
    return repartition !== undefined && this.haveEnded(repartition.writers)
  }

  private haveEnded(subTopologies: readonly number[]): boolean {
    return this.tasks.every((task) => task.hasEnded || !subTopologies.includes(task.spec.subTopology))
  }

  private async end(inputs: readonly InputQueue[]): Promise<void> {
    const ends = await this.log.admin.listOffsets(inputs.map(({ topic, partition }) => ({ topic, partition, at: 'stable' })))
    for (const [index, input] of inputs.entries()) input.limit = ends[index]!
  }

  get allReached(): boolean {
    return this.tasks.every((task) => task.hasEnded)
  }
}
