import { partitionName, type CommittedPosition, type LogClient } from '@millrace/core'
import type { Plan, RepartitionTopic, TaskSpec } from '../plan/plan.ts'
import type { InputQueue } from './input-queue.ts'
import { decodeMetadata } from './offset-metadata.ts'
import { placesOf } from './task-assignor.ts'
import type { Task } from './task.ts'

/**
 * Where a bounded application ends.
 *
 * Invariants
 *   E1  The ends of its sources are fixed at its first start and committed: a restart stops at the same records.
 *   E2  A reader of an internal topic ends where the topic ended after every writer had committed that it has ended.
 *   E3  Sub-topologies in a ring (a foreign-key join asks, and is answered) wait for each other: they end together, when what
 *       comes from outside has ended, everything is processed and committed, and no record is on its way between them. Such
 *       tasks all run in one instance (`ringsIn`).
 *   E4  A task of another instance has ended when it has committed that.
 */
export class Ends {
  private readonly options: EndsOptions
  private readonly log: LogClient
  private readonly repartitions: ReadonlyMap<string, RepartitionTopic>
  private readonly rings: readonly Ring[]
  /** Of tasks that do not run here. */
  private endedElsewhere: ReadonlySet<string> = new Set()

  constructor(options: EndsOptions) {
    this.options = options
    this.log = options.log
    this.repartitions = new Map(repartitionsOf(options.plan).map((topic) => [topic.topic, topic]))
    this.rings = ringsIn(options.plan).map((subTopologies) => ({ subTopologies, loops: 0 }))
  }

  private get tasks(): readonly Task[] {
    return this.options.tasks()
  }

  /** The tasks that run in other instances, and have not ended as far as we know. */
  private get elsewhere(): readonly TaskSpec[] {
    const here = new Set(this.tasks.map(({ id }) => id))
    return this.options.specs.filter(({ id }) => !here.has(id) && !this.endedElsewhere.has(id))
  }

  /** Looks at what tasks of other instances have committed. */
  async look(): Promise<void> {
    const open = this.elsewhere
    if (open.length === 0) return
    const positions = await this.log.admin.groupOffsets(this.options.plan.applicationId)
    const metadata = new Map(positions.map((position) => [partitionName(position), position.metadata ?? '']))
    const ended = open.filter((spec) => decodeMetadata(metadata.get(partitionName(placesOf(spec)[0]!)) ?? '')?.ended === true)
    if (ended.length === 0) return
    this.endedElsewhere = new Set([...this.endedElsewhere, ...ended.map(({ id }) => id)])
    await this.update()
  }

  /** Rings wait to be settled. */
  get hasOpenRings(): boolean {
    return this.rings.some((ring) => this.tasksOf(ring).some((task) => !task.hasEnded))
  }

  /**
   * Ends the rings that have come to rest, one operator after the other, those before the loops first. Call it when no step is
   * open.
   */
  async settle(): Promise<void> {
    for (const ring of this.rings) if (await this.isAtRest(ring)) await this.endRing(ring)
  }

  private async isAtRest(ring: Ring): Promise<boolean> {
    const tasks = this.tasksOf(ring)
    if (tasks.every((task) => task.hasEnded) || !tasks.every((task) => task.isIdle)) return false
    const open = tasks.filter((task) => !task.hasEnded).flatMap((task) => task.inputs)
    const [inside, outside] = [
      open.filter((input) => this.isInside(ring, input)),
      open.filter((input) => !this.isInside(ring, input)),
    ]
    if (!outside.every((input) => input.hasEnded)) return false
    const ends = await this.endsOf(inside)
    return inside.every((input, index) => input.position >= ends[index]!)
  }

  private async endRing(ring: Ring): Promise<void> {
    const tasks = this.tasksOf(ring)
    for (; ring.loops <= this.repartitions.size; ring.loops++) {
      const told = tasks.map((task) => task.endLoop(ring.loops))
      if (told.includes(true)) return
    }
    await this.end(tasks.flatMap((task) => task.inputs.filter((input) => input.limit === Infinity)))
  }

  private tasksOf({ subTopologies }: Ring): readonly Task[] {
    return this.tasks.filter((task) => subTopologies.has(task.spec.subTopology))
  }

  private isInside({ subTopologies }: Ring, { topic }: InputQueue): boolean {
    return this.repartitions.get(topic)?.writers.some((writer) => subTopologies.has(writer)) === true
  }

  /** Fixes the ends of the sources of these tasks that are not yet; returns the positions that make them durable. */
  async fix(tasks: readonly Task[]): Promise<CommittedPosition[]> {
    const positions: CommittedPosition[] = []
    for (const task of tasks) {
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
    const isWriter = ({ subTopology }: TaskSpec): boolean => subTopologies.includes(subTopology)
    return this.tasks.every((task) => task.hasEnded || !isWriter(task.spec)) && !this.elsewhere.some(isWriter)
  }

  private async end(inputs: readonly InputQueue[]): Promise<void> {
    const ends = await this.endsOf(inputs)
    for (const [index, input] of inputs.entries()) input.limit = ends[index]!
  }

  private endsOf(inputs: readonly InputQueue[]): Promise<readonly (number | null)[]> {
    return this.log.admin.listOffsets(inputs.map(({ topic, partition }) => ({ topic, partition, at: 'stable' })))
  }

  get allReached(): boolean {
    return this.tasks.every((task) => task.hasEnded) && this.elsewhere.length === 0
  }
}

export interface EndsOptions {
  readonly log: LogClient
  readonly plan: Plan
  /** All of the application. */
  readonly specs: readonly TaskSpec[]
  /** Those that run here. */
  readonly tasks: () => readonly Task[]
}

/** Sub-topologies each of which writes, over others, what it reads itself. */
interface Ring {
  readonly subTopologies: ReadonlySet<number>
  /** Operators behind fewer loops have heard of the end. */
  loops: number
}

function repartitionsOf(plan: Plan): readonly RepartitionTopic[] {
  return plan.internalTopics.filter((topic) => topic.kind === 'repartition')
}

/** The rings that a plan has. */
export function ringsIn(plan: Plan): readonly ReadonlySet<number>[] {
  const topics = repartitionsOf(plan)
  const readersOf = (one: number): readonly number[] =>
    topics.filter(({ writers }) => writers.includes(one)).map(({ reader }) => reader)
  const reached = (from: number): ReadonlySet<number> => {
    const found = new Set(readersOf(from))
    for (const one of found) for (const reader of readersOf(one)) found.add(reader)
    return found
  }
  const rings = new Map<string, ReadonlySet<number>>()
  for (const { reader } of topics) {
    const ring = [...reached(reader)].filter((one) => reached(one).has(reader)).toSorted((a, b) => a - b)
    if (ring.length > 0) rings.set(ring.join(), new Set(ring))
  }
  return [...rings.values()]
}
