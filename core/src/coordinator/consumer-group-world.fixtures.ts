import { expect } from 'vitest'
import { MillraceError } from '../base/errors.ts'
import type { TopicId } from '../base/ids.ts'
import type { ConsumerGroupDescription, ConsumerHeartbeat, ConsumerHeartbeatAnswer } from './consumer-group-answers.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import type { OffsetRecord } from './group-offsets.ts'
import { difference, isSubset, noPartitions, placesIn, sameSets, type PartitionSets } from './partition-sets.ts'
import type { TopicsView, ViewedTopic } from './topics-view.ts'

/** Topics that come, go and grow. */
export class TestTopics implements TopicsView {
  version = 0
  private readonly topics = new Map<string, ViewedTopic>()
  private made = 0

  get names(): readonly string[] {
    return [...this.topics.keys()]
  }

  find(name: string): ViewedTopic | undefined {
    return this.topics.get(name)
  }

  nameOf(topicId: TopicId): string | undefined {
    return [...this.topics].find(([, topic]) => topic.topicId === topicId)?.[0]
  }

  /** Makes it, or makes it grow. */
  grow(name: string, by: number): void {
    const { topicId = String(++this.made).padStart(32, '0'), partitions = 0 } = this.topics.get(name) ?? {}
    this.topics.set(name, { topicId, partitions: partitions + by })
    this.version++
  }

  remove(name: string): void {
    if (this.topics.delete(name)) this.version++
  }
}

/** A member as a program of its own, as Kafka's Java client does it: it sees of the group what the answers say. */
export interface TestConsumer {
  id: string
  readonly instanceId: string | null
  topics: readonly string[]
  regex: string | null
  epoch: number
  /** What it holds, and what it is to hold. */
  owned: PartitionSets
  assigned: PartitionSets
  /** What it last said that it holds, and whether that was taken for sure: else it says everything again. */
  told: PartitionSets | null
  isGone: boolean
}

export const settings = { sessionTimeoutMs: 100, heartbeatIntervalMs: 10, maxSize: 6 }
export const rebalanceTimeoutMs = 60

export class ConsumerGroupWorld {
  readonly topics: TestTopics = new TestTopics()
  readonly members: TestConsumer[] = []
  readonly records: OffsetRecord[] = []
  machine: GroupCoordinator = this.newMachine()
  private replica: GroupCoordinator = this.newMachine()
  now = 1000
  private fresh = 0

  private newMachine(): GroupCoordinator {
    return new GroupCoordinator({ topics: this.topics, settingsOf: () => settings })
  }

  get at(): { readonly now: number; readonly timestamp: number } {
    return { now: this.now, timestamp: 1_000_000 + this.now }
  }

  add(instanceId: string | null, topics: readonly string[], regex: string | null = null): TestConsumer {
    const id = `m${this.fresh++}`
    const nothing = { owned: noPartitions, assigned: noPartitions, told: null }
    const member: TestConsumer = { id, instanceId, topics, regex, epoch: 0, ...nothing, isGone: false }
    this.members.push(member)
    return member
  }

  /** What the client sends: all of it when it joins or does not know whether its last words were heard. */
  private beatOf({ id, instanceId, topics, regex, epoch, owned, told }: TestConsumer): ConsumerHeartbeat {
    const isFull = epoch === 0 || told === null
    return {
      group: 'g',
      memberId: id,
      epoch,
      instanceId,
      rackId: null,
      clientId: 'test',
      clientHost: '/test',
      rebalanceTimeoutMs: isFull ? rebalanceTimeoutMs : -1,
      topics: isFull ? topics : null,
      regex: isFull ? (regex ?? '') : null,
      assignor: null,
      owned: isFull || !sameSets(told, owned) ? owned : null,
    }
  }

  /** One heartbeat; `lost` says that the answer does not arrive. The code of the error, if there was one. */
  beat(member: TestConsumer, lost: boolean = false): string | null {
    const beat = this.beatOf(member)
    const answer = this.send(beat)
    if (lost) member.told = null
    else if (typeof answer === 'string') this.refused(member, answer)
    else {
      member.told = beat.owned ?? member.told
      this.take(member, answer)
    }
    this.check()
    return typeof answer === 'string' ? answer : null
  }

  /** A client adds what it gets when it has given up what it has to. */
  private take(member: TestConsumer, { epoch, assignment }: ConsumerHeartbeatAnswer): void {
    member.epoch = epoch
    if (assignment !== null) member.assigned = assignment
    if (difference(member.owned, member.assigned).size === 0) member.owned = member.assigned
  }

  private refused(member: TestConsumer, code: string): void {
    Object.assign(member, { epoch: 0, owned: noPartitions, assigned: noPartitions, told: null })
    if (code === 'FENCED_INSTANCE_ID' || code === 'UNRELEASED_INSTANCE_ID' || code === 'GROUP_MAX_SIZE_REACHED')
      member.isGone = true
  }

  /** It gives up what it is no longer to hold, and takes what it is to. */
  settle(member: TestConsumer): void {
    member.owned = member.assigned
    this.check()
  }

  /** With -2 it is expected back under its instance. */
  leave(member: TestConsumer, epoch: -1 | -2): void {
    Object.assign(member, { owned: noPartitions, assigned: noPartitions, told: null, isGone: true })
    this.send({ ...this.beatOf(member), epoch })
    this.check()
  }

  private send(beat: ConsumerHeartbeat): ConsumerHeartbeatAnswer | string {
    try {
      const { records, answer } = this.machine.consumerHeartbeat(beat, this.at)
      this.replay(records)
      return answer
    } catch (error) {
      if (error instanceof MillraceError && error.code !== 'BUG') return error.code
      throw error
    }
  }

  pass(ms: number): void {
    this.now += ms
    this.replay(this.machine.expire(this.at).records)
    this.check()
  }

  private replay(records: readonly OffsetRecord[]): void {
    for (const record of records) {
      this.records.push(record)
      for (const machine of [this.machine, this.replica]) machine.replay(record, -1, this.records.length, this.at.timestamp)
    }
  }

  /** The log is opened again: from all records, or from those that compaction leaves. */
  restart(isCompacted: boolean): void {
    const before = this.describe()
    this.machine = this.newMachine()
    const left = isCompacted ? compacted(this.records) : this.records
    for (const record of left) this.machine.replay(record, -1, 0, this.at.timestamp)
    expect(inOrder(this.describe()), 'read again').toEqual(inOrder(before))
    this.machine.start(this.at)
    this.check()
  }

  describe(): ConsumerGroupDescription | undefined {
    return this.machine.describeConsumers('g')
  }

  check(): void {
    const group = this.describe()
    expect(inOrder(this.replica.describeConsumers('g')), 'replayed').toEqual(inOrder(group))
    const byId = new Map(group?.members.map((member) => [member.id, member]))
    checkAlone(group?.members.map(({ id, assigned, revoking }) => [id, [assigned, revoking]]) ?? [])
    const living = this.members.filter(({ id, isGone }) => !isGone && byId.has(id))
    checkAlone(living.map(({ id, owned }) => [id, [owned]]))
    for (const { id, owned } of living) {
      const { assigned, revoking } = byId.get(id)!
      expect(isSubset(difference(owned, assigned), revoking), `${id} holds what it was given`).toBe(true)
    }
  }
}

/** No partition comes twice. */
function checkAlone(holdings: readonly (readonly [string, readonly PartitionSets[]])[]): void {
  const holders = new Map<string, string>()
  for (const [id, sets] of holdings) {
    for (const { topicId, partition } of sets.flatMap(placesIn)) {
      const place = `${topicId}-${partition}`
      expect(holders.get(place), `${place} is held by ${id} and another`).toBeUndefined()
      holders.set(place, id)
    }
  }
}

function inOrder(group: ConsumerGroupDescription | undefined): unknown {
  return group && { ...group, members: group.members.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }
}

/** The last record of each key, where it stood; half of the tombstones are gone, too. */
function compacted(records: readonly OffsetRecord[]): readonly OffsetRecord[] {
  const last = new Map(records.map(({ key }, index) => [Buffer.from(key).toString('hex'), index]))
  return records.filter(
    ({ key, value }, index) => last.get(Buffer.from(key).toString('hex')) === index && (value !== null || index % 2 === 0),
  )
}
