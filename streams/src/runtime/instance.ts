import type { CommittedPosition, Consumer, LogClient, Producer, World } from '@millrace/core'
import { partitionName } from '@millrace/core'
import { layOut } from '../plan/lay-out.ts'
import type { Layout, Plan } from '../plan/plan.ts'
import type { StoreEngines } from '../state/engine.ts'
import type { ErrorPolicy } from '../task/task-context.ts'
import { Committer } from './committer.ts'
import type { DropCounts } from './drop-counts.ts'
import { Ends } from './ends.ts'
import { GlobalTables } from './global-tables.ts'
import { InputFeed } from './input-feed.ts'
import { makeInternalTopics, sourcePartitions } from './internal-topics.ts'
import { openTask } from './open-task.ts'
import type { Task } from './task.ts'

/** What an instance is made of; fixed over its restarts. */
export interface InstanceOptions {
  readonly log: LogClient
  readonly world: World
  readonly plan: Plan
  readonly engines: StoreEngines
  readonly stateFolder: string
  readonly transactionalId: string
  readonly bounded: boolean
  readonly errorPolicy: ErrorPolicy
  readonly drops: DropCounts
  readonly onSkipped: (error: unknown, where: string) => void
}

/**
 * One incarnation of an instance: producer, tasks and consumer, opened together and closed together. After an error it is
 * thrown away, and the next one begins at what is committed.
 */
export class Instance {
  readonly tasks: readonly Task[]
  readonly committer: Committer
  readonly feed: InputFeed
  readonly globals: GlobalTables
  readonly ends: Ends
  private readonly producer: Producer

  private constructor(parts: {
    readonly tasks: readonly Task[]
    readonly committer: Committer
    readonly feed: InputFeed
    readonly globals: GlobalTables
    readonly ends: Ends
    readonly producer: Producer
  }) {
    this.tasks = parts.tasks
    this.committer = parts.committer
    this.feed = parts.feed
    this.globals = parts.globals
    this.ends = parts.ends
    this.producer = parts.producer
  }

  /**
   * The order matters: topics; then the producer, whose opening fences every former instance; then the committed offsets,
   * which nobody else can move any more; then the stores, from what is committed.
   */
  static async open(options: InstanceOptions): Promise<Instance> {
    const { log, plan } = options
    const partitions = await sourcePartitions(log, plan)
    const layout = layOut(plan, partitions)
    const topicIds = await makeInternalTopics(log, layout)
    const opened: { close(): Promise<void> }[] = []
    try {
      const producer = await log.producer({ transactionalId: options.transactionalId })
      opened.push(producer)
      const globals = await GlobalTables.open(log, plan.globalTables, partitions)
      opened.push(globals)
      const committed = byPartition(await log.admin.groupOffsets(plan.applicationId))
      const tasks = await openTasks(options, { producer, globals, committed, topicIds }, layout, opened)
      return await Instance.assemble(options, tasks, producer, globals, opened)
    } catch (error) {
      await closeAll(opened)
      throw error
    }
  }

  private static async assemble(
    options: InstanceOptions,
    tasks: readonly Task[],
    producer: Producer,
    globals: GlobalTables,
    opened: { close(): Promise<void> }[],
  ): Promise<Instance> {
    const committer = new Committer(producer, options.plan.applicationId, options.world.clock)
    const ends = new Ends(options.log, options.plan, tasks)
    if (options.bounded) await committer.commitPositions(await ends.fix())
    await ends.update()
    const consumer: Consumer = await options.log.consumer({ isolation: 'read_committed' })
    opened.push(consumer)
    const feed = new InputFeed(
      consumer,
      tasks.flatMap((task) => (task.hasEnded ? [] : task.inputs)),
    )
    await feed.open()
    return new Instance({ tasks, committer, feed, globals, ends, producer })
  }

  /** Closes what a commit has made complete; the engines are written first. */
  async close(): Promise<void> {
    await this.feed.close()
    for (const task of this.tasks) await task.close()
    await this.globals.close()
    await this.producer.close()
  }

  /** Drops everything that is not committed. Errors of closing do not matter any more. */
  async abandon(): Promise<void> {
    const abandoned = this.tasks.map((task) => ({ close: () => task.abandon() }))
    await closeAll([this.producer, this.globals, ...abandoned, this.feed])
  }
}

async function openTasks(
  options: InstanceOptions,
  shared: {
    readonly producer: Producer
    readonly globals: GlobalTables
    readonly committed: ReadonlyMap<string, CommittedPosition>
    readonly topicIds: ReadonlyMap<string, string>
  },
  { tasks: specs }: Layout,
  opened: { close(): Promise<void> }[],
): Promise<Task[]> {
  const tasks: Task[] = []
  for (const spec of specs) {
    const task = await openTask({ ...options, ...shared }, spec)
    opened.push({ close: () => task.abandon() })
    tasks.push(task)
  }
  return tasks
}

async function closeAll(opened: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const one of opened.toReversed()) {
    await one.close().catch(() => {
      // What made us close is reported; this is only its echo.
    })
  }
}

function byPartition(positions: readonly CommittedPosition[]): Map<string, CommittedPosition> {
  return new Map(positions.map((position) => [partitionName(position), position]))
}
