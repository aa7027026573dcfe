import type { LogClient, Producer, World } from '@millrace/core'
import { layOut } from '../plan/lay-out.ts'
import type { Layout, Plan, SubTopology, TaskSpec } from '../plan/plan.ts'
import type { StoreEngines } from '../state/engine.ts'
import { AssignedTasks, type GivenTask } from './assigned-tasks.ts'
import { settleChangelogs, sourceIds } from './changelogs.ts'
import { Committer } from './committer.ts'
import type { DropCounts } from './drop-counts.ts'
import { Ends, ringsIn } from './ends.ts'
import { GlobalTables } from './global-tables.ts'
import { GroupMember, type GroupNews } from './group-member.ts'
import type { InstanceTasks } from './group-talk.ts'
import { InputFeed } from './input-feed.ts'
import { openTask, type TaskHouse } from './open-task.ts'
import type { DropListener } from './dropped.ts'
import type { ErrorPolicies } from './error-policies.ts'
import { refuseWhenStopping, type RestoreListener } from './restore.ts'
import type { Retries } from './retries.ts'
import { Standbys } from './standbys.ts'
import type { StepLimits } from './step-limits.ts'
import { TaskAssignor } from './task-assignor.ts'
import type { Task } from './task.ts'
import type { ThreadMeter } from './thread-meter.ts'
import { checkDeadLetterTopic, makeInternalTopics, sinkPartitions, sourcePartitions } from './topics.ts'

/** What an instance is made of; fixed over its restarts. */
export interface InstanceOptions {
  readonly log: LogClient
  readonly world: World
  readonly plan: Plan
  readonly engines: StoreEngines
  readonly stateFolder: string
  /** Names it over its restarts, among the instances of the application. */
  readonly instanceId: string
  /** Of a static member of the group; null: a dynamic one. */
  readonly groupInstanceId: string | null
  /** Where others reach this instance, for them to know; null: nowhere. */
  readonly server: string | null
  readonly standbyReplicas: number
  readonly bounded: boolean
  readonly policies: ErrorPolicies
  readonly retries: Retries
  readonly maxTaskIdleMs: number
  readonly idleAdvanceMs: number | null
  readonly drops: DropCounts
  readonly limits: StepLimits
  readonly onDropped: DropListener
  readonly onRestore: RestoreListener
  readonly meter: ThreadMeter
  /** Nobody needs the instance any more: whatever takes long while it opens is given up. */
  readonly isStopping: () => boolean
  /** Topics that rest, as the user wants it. */
  readonly restingTopics: ReadonlySet<string>
}

/**
 * One incarnation of an instance: producer, membership of the group and tasks, opened together and closed together. After an error it
 * is thrown away, and the next one begins at what is committed.
 *
 * Invariants
 *   N1  A task begins at what is committed once nobody else can commit for it: its former incarnation is fenced by the producer's id,
 *       another instance by the generation of the group, in every transaction (KIP-447).
 *   N2  Tasks come and go between two events of the loop, and nothing is open then that concerns them.
 */
export class Instance {
  readonly committer: Committer
  readonly feed: InputFeed
  readonly globals: GlobalTables
  readonly ends: Ends
  readonly limits: StepLimits
  private readonly given: InstanceOptions
  private readonly specs: readonly TaskSpec[]
  private readonly producer: Producer
  private readonly member: GroupMember
  private readonly assignor: TaskAssignor
  private readonly assigned: AssignedTasks
  private readonly standbys: Standbys

  private constructor(parts: InstanceParts) {
    this.given = parts.given
    this.specs = parts.specs
    this.producer = parts.producer
    this.member = parts.member
    this.assignor = parts.assignor
    this.globals = parts.globals
    this.limits = parts.given.limits
    this.standbys = parts.standbys
    const { log, plan, world, limits } = parts.given
    const { specs } = parts
    this.feed = new InputFeed(parts.member.consumer)
    this.committer = new Committer(parts.producer, () => parts.member.identity, world.clock, limits)
    const onOpened = (): void => this.feed.nudge()
    this.assigned = new AssignedTasks({ ...parts, log, applicationId: plan.applicationId, onOpened })
    this.ends = new Ends({ log, plan, specs, tasks: () => this.tasks })
    this.member.onNews = () => this.feed.nudge()
  }

  /**
   * The order matters: topics; then the producer, whose opening fences every former incarnation; then the group, which says what is
   * ours; then the tasks, from what is committed.
   */
  static async open(given: InstanceOptions): Promise<Instance> {
    const { log, policies, instanceId } = given
    const partitions = await sourcePartitions(log, given.plan)
    await checkDeadLetterTopic(log, policies)
    const plan = await settleChangelogs(log, given.plan)
    const options = { ...given, plan }
    const writable = await sinkPartitions(log, plan)
    const layout = layOut(plan, partitions)
    const topicIds = new Map([...(await makeInternalTopics(log, layout)), ...(await sourceIds(log, plan))])
    const opened: Closable[] = []
    try {
      const producer = await log.producer({ transactionalId: `${plan.applicationId}-${instanceId}` })
      opened.push(producer)
      const globals = await GlobalTables.open({ ...options, tables: plan.globalTables, partitions })
      opened.push(globals)
      const cacheBytes = cacheBytesOf(layout)
      const instance = new Instance(await assemble(options, { producer, globals, topicIds, writable, cacheBytes }, layout))
      opened.push({ close: () => instance.abandon() })
      await instance.begin()
      return instance
    } catch (error) {
      await closeAll(opened)
      throw error
    }
  }

  /** Until the group has said what is ours, and that is open. */
  private async begin(): Promise<void> {
    await this.rebalance()
    while (!this.member.hasAssignment || this.assigned.isOpening) {
      refuseWhenStopping(this.given)
      await this.feed.fill(this.mustRebalance ? 0 : openingPollMs)
      await this.rebalance()
    }
  }

  get meter(): ThreadMeter {
    return this.given.meter
  }

  /** Those that process now. */
  get tasks(): readonly Task[] {
    return this.assigned.active
  }

  /** Copies of tasks that run elsewhere. */
  get copies(): Standbys['copies'] {
    return this.standbys.copies
  }

  get id(): string {
    return this.given.instanceId
  }

  /** The partition whose task has the rows of a key. */
  partitionOf({ sources }: SubTopology, key: Uint8Array | string): number {
    const topics = sources.map(({ topic }) => topic)
    const counts = topics.map((topic) => this.specs.filter(({ inputs }) => inputs.includes(topic)).length)
    return this.producer.partitionOf(topics[counts.indexOf(Math.max(...counts))]!, key)
  }

  /** All instances of the application, as of the last assignment. */
  get instances(): readonly InstanceTasks[] {
    return this.assignor.instances
  }

  /** The group wants something, or a task is open and may begin: `rebalance` when nothing is open in the step. */
  get mustRebalance(): boolean {
    return this.member.hasNews || this.assigned.hasOpened
  }

  /** Gives up what others are to have, and takes on what is ours (N2). @throws MEMBERSHIP_LOST, and what opening tasks throws */
  async rebalance(): Promise<void> {
    await this.member.handle((news) => this.carryOut(news))
    const admitted = this.assigned.admit()
    if (admitted.length === 0) return
    await this.committer.commitPositions(admitted.flatMap((task) => task.firstPositions()))
    if (this.given.bounded) {
      await this.committer.commitPositions(await this.ends.fix(admitted))
      await this.ends.update()
    }
    this.feed.add(admitted.flatMap((task) => (task.hasEnded ? [] : task.inputs)))
    for (const task of admitted) task.onArrival(() => this.feed.nudge())
    this.rest(this.given.restingTopics)
  }

  private async carryOut(news: GroupNews): Promise<void> {
    if (news.kind === 'assigned') return this.assigned.assign(this.member.consumer.assignment(), this.assignor.standby)
    const revoked = await this.assigned.revoke(news.partitions)
    this.feed.remove(revoked.flatMap((task) => task.inputs))
  }

  /**
   * Keeps up what others write and this instance holds: copies of stores, and global tables, which a bounded application takes as they
   * are at its start. Returns whether copies are behind still.
   */
  async follow(): Promise<boolean> {
    if (!this.given.bounded) await this.globals.follow()
    return this.standbys.follow()
  }

  /** Closes what a commit has made complete; the engines are written first. */
  async close(): Promise<void> {
    this.member.deafen()
    const tasks = await this.assigned.end()
    await this.feed.close()
    for (const task of tasks) await task.close()
    await this.standbys.close()
    await this.globals.close()
    await this.producer.close()
  }

  /** Nothing is taken from these topics, and everything from all others. */
  rest(topics: ReadonlySet<string>): void {
    for (const input of this.tasks.flatMap((task) => task.inputs)) input.isPaused = topics.has(input.topic)
  }

  /** Drops everything that is not committed. Errors of closing do not matter any more. */
  async abandon(): Promise<void> {
    this.member.deafen()
    const abandoned = (await this.assigned.end()).map((task) => ({ close: () => task.abandon() }))
    const copies = { close: () => this.standbys.abandon() }
    await closeAll([this.producer, this.globals, copies, ...abandoned, this.feed])
  }
}

/** Short: the poll that is under way when everything is open has not looked at what is read from then on. */
const openingPollMs = 10

interface InstanceParts {
  readonly given: InstanceOptions
  readonly specs: readonly TaskSpec[]
  readonly producer: Producer
  readonly globals: GlobalTables
  readonly member: GroupMember
  readonly assignor: TaskAssignor
  readonly standbys: Standbys
  readonly open: (spec: TaskSpec, given: GivenTask) => Promise<Task>
}

interface Closable {
  close(): Promise<void>
}

type Shared = Pick<TaskHouse, 'producer' | 'globals' | 'topicIds' | 'writable' | 'cacheBytes'>

/** Joins the group: with the first poll. */
async function assemble(given: InstanceOptions, shared: Shared, { tasks: specs }: Layout): Promise<InstanceParts> {
  const { log, plan, bounded, instanceId, groupInstanceId, isStopping } = given
  const standbys = new Standbys({ ...given, ...shared })
  const assignor = new TaskAssignor({
    ...given,
    tasks: specs,
    instance: instanceId,
    stateful: new Set(plan.subTopologies.filter(hasChangelogs).map(({ id }) => id)),
    together: bounded && ringsIn(plan).length > 0,
    held: () => heldTasks(given),
  })
  const staticId = groupInstanceId === null ? {} : { groupInstanceId }
  const consumer = await log.consumer({ group: plan.applicationId, isolation: 'read_committed', assignor, ...staticId })
  const member = new GroupMember(consumer, [...new Set(specs.flatMap(({ inputs }) => inputs))])
  const open = (spec: TaskSpec, { committed, kept, isUnwanted }: GivenTask): Promise<Task> =>
    openTask({ ...given, ...shared, committed, isStopping: () => isStopping() || isUnwanted() }, spec, kept)
  return { ...shared, given, specs, member, assignor, standbys, open }
}

/** Copies are kept up from changelogs. */
function hasChangelogs({ stores }: SubTopology): boolean {
  return stores.some(({ changelogKind }) => changelogKind !== 'none')
}

/** Tasks whose stores stand on this disk. Only a hint: of a disk that does not answer whoever opens a store on it tells. */
function heldTasks({ world, stateFolder }: InstanceOptions): readonly string[] {
  try {
    return stateFolder === '' ? [] : world.disk.list(stateFolder).filter((name) => /^\d+_\d+$/.test(name))
  } catch {
    return []
  }
}

/** Read caches of all tasks together; no task has more than its share of four. */
const instanceCacheBytes = 256 << 20
const leastCacheShares = 4

function cacheBytesOf({ tasks }: Layout): number {
  return Math.floor(instanceCacheBytes / Math.max(tasks.length, leastCacheShares))
}

async function closeAll(opened: readonly Closable[]): Promise<void> {
  for (const one of opened.toReversed()) {
    await one.close().catch(() => {
      // What made us close is reported; this is only its echo.
    })
  }
}
