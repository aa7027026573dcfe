import type { CommittedPosition, Consumer, LogClient, Producer, World } from '@millrace/core'
import { partitionName } from '@millrace/core'
import { layOut } from '../plan/lay-out.ts'
import type { Layout, Plan } from '../plan/plan.ts'
import type { StoreEngines } from '../state/engine.ts'
import { settleChangelogs, sourceIds } from './changelogs.ts'
import { Committer } from './committer.ts'
import type { DropCounts } from './drop-counts.ts'
import { Ends } from './ends.ts'
import { GlobalTables } from './global-tables.ts'
import { InputFeed } from './input-feed.ts'
import { beginsAtEnd, openTask } from './open-task.ts'
import type { DropListener } from './dropped.ts'
import type { ErrorPolicies } from './error-policies.ts'
import type { RestoreListener } from './restore.ts'
import type { Retries } from './retries.ts'
import type { StepLimits } from './step-limits.ts'
import type { Task } from './task.ts'
import { checkDeadLetterTopic, makeInternalTopics, sinkPartitions, sourcePartitions } from './topics.ts'

/** What an instance is made of; fixed over its restarts. */
export interface InstanceOptions {
  readonly log: LogClient
  readonly world: World
  readonly plan: Plan
  readonly engines: StoreEngines
  readonly stateFolder: string
  readonly transactionalId: string
  readonly bounded: boolean
  readonly policies: ErrorPolicies
  readonly retries: Retries
  readonly maxTaskIdleMs: number
  readonly idleAdvanceMs: number | null
  readonly drops: DropCounts
  readonly limits: StepLimits
  readonly onDropped: DropListener
  readonly onRestore: RestoreListener
  /** Nobody needs the instance any more: whatever takes long while it opens is given up. */
  readonly isStopping: () => boolean
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
  readonly limits: StepLimits
  private readonly producer: Producer

  private constructor(parts: InstanceParts) {
    this.tasks = parts.tasks
    this.committer = parts.committer
    this.feed = parts.feed
    this.globals = parts.globals
    this.ends = parts.ends
    this.limits = parts.limits
    this.producer = parts.producer
  }

  /**
   * The order matters: topics; then the producer, whose opening fences every former instance; then the committed offsets,
   * which nobody else can move any more; then the stores, from what is committed.
   */
  static async open(given: InstanceOptions): Promise<Instance> {
    const { log, policies, transactionalId } = given
    const partitions = await sourcePartitions(log, given.plan)
    await checkDeadLetterTopic(log, policies)
    const plan = await settleChangelogs(log, given.plan)
    const options = { ...given, plan }
    const writable = await sinkPartitions(log, plan)
    const layout = layOut(plan, partitions)
    const topicIds = new Map([...(await makeInternalTopics(log, layout)), ...(await sourceIds(log, plan))])
    const opened: Closable[] = []
    try {
      const producer = await log.producer({ transactionalId })
      opened.push(producer)
      const globals = await GlobalTables.open({ ...options, tables: plan.globalTables, partitions })
      opened.push(globals)
      const committed = byPartition(await log.admin.groupOffsets(plan.applicationId))
      const tasks = await openTasks(options, { producer, globals, committed, topicIds, writable }, layout, opened)
      return new Instance(await assemble(options, { tasks, producer, globals, committed }, opened))
    } catch (error) {
      await closeAll(opened)
      throw error
    }
  }

  /** Closes what a commit has made complete; the engines are written first. */
  async close(): Promise<void> {
    await this.feed.close()
    for (const task of this.tasks) await task.close()
    await this.globals.close()
    await this.producer.close()
  }

  /** Nothing is taken from these topics, and everything from all others. */
  rest(topics: ReadonlySet<string>): void {
    for (const input of this.tasks.flatMap((task) => task.inputs)) input.isPaused = topics.has(input.topic)
  }

  /** Drops everything that is not committed. Errors of closing do not matter any more. */
  async abandon(): Promise<void> {
    const abandoned = this.tasks.map((task) => ({ close: () => task.abandon() }))
    await closeAll([this.producer, this.globals, ...abandoned, this.feed])
  }
}

interface InstanceParts {
  readonly tasks: readonly Task[]
  readonly committer: Committer
  readonly feed: InputFeed
  readonly globals: GlobalTables
  readonly ends: Ends
  readonly limits: StepLimits
  readonly producer: Producer
}

interface Committed {
  /** By partition name. */
  readonly committed: ReadonlyMap<string, CommittedPosition>
}

interface Closable {
  close(): Promise<void>
}

/** What stands on open tasks: ends, then the reader, which begins where the tasks stand. */
async function assemble(
  { log, plan, world, limits, bounded }: InstanceOptions,
  { committed, ...parts }: Pick<InstanceParts, 'tasks' | 'producer' | 'globals'> & Committed,
  opened: Closable[],
): Promise<InstanceParts> {
  const { tasks, producer } = parts
  const committer = new Committer(producer, plan.applicationId, world.clock, limits)
  const ends = new Ends(log, plan, tasks)
  await committer.commitPositions(firstPositions({ tasks, committed }, plan))
  if (bounded) {
    await committer.commitPositions(await ends.fix())
    await ends.update()
  }
  const consumer: Consumer = await log.consumer({ isolation: 'read_committed' })
  opened.push(consumer)
  const feed = new InputFeed(
    consumer,
    tasks.flatMap((task) => (task.hasEnded ? [] : task.inputs)),
  )
  await feed.open()
  for (const task of tasks) task.onArrival(() => feed.nudge())
  return { ...parts, committer, feed, ends, limits }
}

/** Of tasks that begin at the end of a topic: committed before they take anything, so that a restart begins there too. */
function firstPositions({ tasks, committed }: Pick<InstanceParts, 'tasks'> & Committed, plan: Plan): CommittedPosition[] {
  return tasks.flatMap((task) => {
    const { sources } = plan.subTopologies[task.spec.subTopology]!
    const isNew = task.inputs.some((input) => !committed.has(partitionName(input)) && beginsAtEnd(sources, input.topic))
    return isNew ? task.initialPositions() : []
  })
}

/** Read caches of all tasks together; no task has more than its share of four. */
const instanceCacheBytes = 256 << 20
const leastCacheShares = 4

async function openTasks(
  options: InstanceOptions,
  shared: {
    readonly producer: Producer
    readonly globals: GlobalTables
    readonly committed: ReadonlyMap<string, CommittedPosition>
    readonly topicIds: ReadonlyMap<string, string>
    readonly writable: ReadonlyMap<string, number>
  },
  { tasks: specs }: Layout,
  opened: Closable[],
): Promise<Task[]> {
  const tasks: Task[] = []
  const cacheBytes = Math.floor(instanceCacheBytes / Math.max(specs.length, leastCacheShares))
  for (const spec of specs) {
    const task = await openTask({ ...options, ...shared, cacheBytes }, spec)
    opened.push({ close: () => task.abandon() })
    tasks.push(task)
  }
  return tasks
}

async function closeAll(opened: readonly Closable[]): Promise<void> {
  for (const one of opened.toReversed()) {
    await one.close().catch(() => {
      // What made us close is reported; this is only its echo.
    })
  }
}

function byPartition(positions: readonly CommittedPosition[]): Map<string, CommittedPosition> {
  return new Map(positions.map((position) => [partitionName(position), position]))
}
