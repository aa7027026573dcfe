import { partitionName, type ConsumedBatch, type Consumer, type LogClient } from '@millrace/core'
import type { Plan, StoreSpec, TaskSpec } from '../plan/plan.ts'
import type { TaskState } from '../state/task-state.ts'
import { openState, type StateHouse } from './open-state.ts'
import { upTo } from './restore.ts'

export interface StandbyHouse extends StateHouse {
  readonly log: LogClient
  readonly plan: Plan
}

/** The stores of a task that runs elsewhere. */
export interface StandbyCopy {
  readonly spec: TaskSpec
  readonly state: TaskState
}

/** A changelog partition that is followed, and the store that it fills. */
interface Followed {
  readonly topic: string
  readonly partition: number
  readonly store: StoreSpec
  readonly state: TaskState
}

const pollBytes = 1 << 20

/**
 * Copies of stores whose tasks run in other instances, kept up from their changelogs, so that one of them can take a task over at once.
 *
 * Invariants
 *   B1  A copy holds what is committed, no more: own changelogs up to their stable end, a source topic up to where the group has
 *       committed it.
 *   B2  Whoever takes a copy has it alone: nothing of it is being read then.
 */
export class Standbys {
  private readonly house: StandbyHouse
  private readonly open = new Map<string, StandbyCopy>()
  private consumer: Consumer | null = null
  private followed: ReadonlyMap<string, Followed> = new Map()
  /** How far the group has committed source topics, by partition name. */
  private limits: ReadonlyMap<string, number> = new Map()
  /** The copies have changed since the consumer was told. */
  private isStale = false
  private following: Promise<void> = Promise.resolve()

  constructor(house: StandbyHouse) {
    this.house = house
  }

  get copies(): readonly StandbyCopy[] {
    return [...this.open.values()]
  }

  /** @throws as `openState` */
  async add(spec: TaskSpec): Promise<void> {
    if (this.open.has(spec.id)) return
    const state = await openState(this.house, spec, this.storesOf(spec))
    this.open.set(spec.id, { spec, state })
    this.isStale = true
  }

  private storesOf({ subTopology }: TaskSpec): readonly StoreSpec[] {
    return this.house.plan.subTopologies[subTopology]!.stores
  }

  /** The stores of a task, which are the caller's from now on; undefined: there is no copy of it. */
  async take(id: string): Promise<TaskState | undefined> {
    const copy = this.open.get(id)
    if (copy === undefined) return undefined
    this.open.delete(id)
    this.isStale = true
    await this.following
    return copy.state
  }

  /** Keeps these, and closes the others. @throws STORE_WRITE_FAILED */
  async keepOnly(ids: readonly string[]): Promise<void> {
    for (const id of this.open.keys()) if (!ids.includes(id)) await (await this.take(id))?.close()
  }

  /** Applies some of what has come since. Returns whether there may be more. @throws STORE_WRITE_FAILED, VALUE_UNREADABLE, and what the log throws */
  async follow(): Promise<boolean> {
    if (this.open.size === 0 && !this.isStale) return false
    const { promise, resolve } = Promise.withResolvers<void>()
    this.following = promise
    try {
      if (this.isStale) await this.assign()
      await this.limitSources()
      const batches = await this.consumer!.poll({ maxBytes: pollBytes })
      for (const batch of batches) await this.apply(batch)
      return batches.length > 0
    } finally {
      resolve()
    }
  }

  private async assign(): Promise<void> {
    this.consumer ??= await this.house.log.consumer({ isolation: 'read_committed' })
    this.isStale = false
    const followed = this.copies.flatMap(({ spec, state }) =>
      this.storesOf(spec)
        .filter(({ changelogKind }) => changelogKind !== 'none')
        .map((store): Followed => ({ topic: store.changelog, partition: spec.partition, store, state })),
    )
    const starts = await this.house.log.admin.listOffsets(
      followed.map(({ topic, partition }) => ({ topic, partition, at: 'earliest' })),
    )
    this.followed = new Map(followed.map((one) => [partitionName(one), one]))
    await this.consumer.assign(
      followed.map(({ topic, partition, store, state }, index) => ({
        topic,
        partition,
        offset: Math.max(starts[index]!, state.position(store.name)),
      })),
    )
  }

  /** B1: a source topic rests where the group stands. */
  private async limitSources(): Promise<void> {
    const sources = [...this.followed.values()].filter(({ store }) => store.changelogKind === 'source')
    if (sources.length === 0) return
    this.limits = await this.committed()
    for (const one of sources) {
      if (this.consumer!.position(one) >= this.limitOf(one)) this.consumer!.pause([one])
      else this.consumer!.resume([one])
    }
  }

  private limitOf(one: Followed): number {
    return one.store.changelogKind === 'own' ? Infinity : (this.limits.get(partitionName(one)) ?? 0)
  }

  private async committed(): Promise<ReadonlyMap<string, number>> {
    const positions = await this.house.log.admin.groupOffsets(this.house.plan.applicationId)
    return new Map(positions.map((position) => [partitionName(position), position.offset]))
  }

  private async apply(batch: ConsumedBatch): Promise<void> {
    const one = this.followed.get(partitionName(batch))
    if (one === undefined || !this.copies.some(({ state }) => state === one.state)) return
    const limit = this.limitOf(one)
    if (batch.nextOffset <= limit) return one.state.restore(one.store.name, batch)
    if (batch.baseOffset < limit) await one.state.restore(one.store.name, upTo(batch, limit))
    this.consumer!.seek(one, limit)
  }

  async close(): Promise<void> {
    await this.consumer?.close()
    await this.keepOnly([])
  }

  async abandon(): Promise<void> {
    await this.consumer?.close()
    for (const { spec } of this.copies) await (await this.take(spec.id))?.abandon()
  }
}
