import { assert } from '../base/assert.ts'
import type { Timer } from '../base/clock.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Counter, Metrics } from '../base/metrics.ts'
import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import type {
  ConsumerGroupDescription,
  ConsumerGroupSettings,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
} from '../coordinator/consumer-group-answers.ts'
import type {
  GroupDescription,
  GroupStep,
  Instant,
  JoinAnswer,
  JoinRequest,
  MemberRef,
  SyncAnswer,
  SyncRequest,
} from '../coordinator/group-answers.ts'
import { GroupCoordinator, inProcessHost, type Committer, type FoundOffset } from '../coordinator/group-coordinator.ts'
import {
  checkPosition,
  isGroupName,
  type CommittedOffset,
  type GroupPosition,
  type OffsetRecord,
  type Place,
} from '../coordinator/group-offsets.ts'
import { coordinatorPartition } from '../coordinator/partition-of.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { readControlKind } from '../record/control-record.ts'
import { GroupCalls, groupReloaded } from './group-calls.ts'
import { detailsOf, type GroupDetails } from './group-details.ts'
import { batchOf } from './log-batches.ts'
import { limitReached } from './log-limits.ts'
import { ReplayedPartition } from './replayed-partition.ts'
import { TopicsNow } from './topics-now.ts'
import type { Topics } from './topics.ts'
import type { GroupCommit } from './transaction-work.ts'

interface GroupsOptions {
  /** Which keeps them. */
  readonly topic: string
  /** What holds for a group of the new consumer protocol. */
  readonly settingsOf: (group: string) => ConsumerGroupSettings
  readonly metrics: Metrics<CoreMetrics>
  /** More are refused with LIMIT_REACHED. */
  readonly maxGroups: number
}

/**
 * Groups, each in the partition of `__consumer_offsets` that its name says: members, generations and offsets.
 *
 * Invariants
 *   U1  What a command decides is queued and replayed in its turn; its replies leave when everything before them is durable.
 *   U2  Input that has come is handled before anybody is expelled for silence: a timer that fires lets one turn pass first.
 *   U3  After a failed write every call that waits is refused, and the group is read again from the log.
 *   U4  Nothing is left waiting after `close`, and no timer runs.
 */
export class Groups {
  private readonly directory: LogDirectory
  private readonly topics: Topics
  private readonly topic: string
  private readonly count: number
  private readonly partitions = new Map<number, Home>()
  private readonly calls = new GroupCalls()
  private readonly timers = new Map<Home, { readonly at: number; readonly timer: Timer }>()
  /** Members in this process that are open: those that the log remembers of an earlier one are gone. */
  private readonly living = new Set<string>()
  private readonly watches = new Set<Watch>()
  private readonly topicsNow: TopicsNow
  private readonly settingsOf: GroupsOptions['settingsOf']
  private readonly maxGroups: number
  private closed = false
  private readonly rebalances: Counter
  private readonly commits: Counter

  constructor(directory: LogDirectory, topics: Topics, { topic, settingsOf, maxGroups, metrics }: GroupsOptions) {
    this.settingsOf = settingsOf
    this.maxGroups = maxGroups
    this.rebalances = metrics.counter('millrace.group.rebalances')
    this.commits = metrics.counter('millrace.group.offset.commits')
    metrics.observe('millrace.groups', () => this.withMembers().length)
    metrics.observe('millrace.group.members', () => this.withMembers().reduce((sum, { members }) => sum + members.length, 0))
    this.directory = directory
    this.topics = topics
    this.topic = topic
    this.count = topics.get(topic).partitions
    this.topicsNow = new TopicsNow(topics)
    directory.onRollBack(() => this.onRollBack())
  }

  /** The partition that keeps the group, not necessarily loaded. */
  home(group: string): Home {
    return this.homeAt(coordinatorPartition(group, this.count))
  }

  /** By its number. */
  homeAt(partition: number): Home {
    let home = this.partitions.get(partition)
    if (home === undefined) {
      const log = this.topics.log({ topic: this.topic, partition })
      const make = (): GroupCoordinator => new GroupCoordinator({ topics: this.topicsNow, settingsOf: this.settingsOf })
      home = new ReplayedPartition(this.directory, log, make, applyGroups)
      this.partitions.set(partition, home)
    }
    return home
  }

  // Members

  /**
   * Resolves when the rebalance that the join makes necessary has everybody. `retry` is an id to come again with (KIP-394).
   * @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, INCONSISTENT_GROUP_PROTOCOL, INVALID_SESSION_TIMEOUT, REBALANCE_IN_PROGRESS,
   * GROUP_RELOADED, CLOSED
   */
  async join(request: Omit<JoinRequest, 'call'>): Promise<JoinAnswer | { readonly retry: string }> {
    const home = this.home(request.group)
    const reply = await this.calls.make((call) =>
      this.run(home, (machine, at) => this.withRoom(machine, request.group).join({ ...request, call }, at)),
    )
    if (reply.kind === 'joined') return reply.answer
    return reply.kind === 'memberIdRequired' ? { retry: reply.memberId } : never()
  }

  /** Resolves when the leader has assigned. @throws as `join`, and ILLEGAL_GENERATION */
  async sync(request: Omit<SyncRequest, 'call'>): Promise<SyncAnswer> {
    const home = this.home(request.group)
    const reply = await this.calls.make((call) => this.run(home, (machine, at) => machine.sync({ ...request, call }, at)))
    return reply.kind === 'synced' ? reply.answer : never()
  }

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS */
  async heartbeat(group: string, ref: MemberRef): Promise<void> {
    await this.run(this.home(group), (machine, at) => {
      machine.heartbeat(group, ref, at)
      return noStep
    })
  }

  /** The same in this turn, for members in this process; false when the group is not loaded. */
  beat(group: string, ref: MemberRef): boolean {
    const machine = this.home(group).loaded
    if (machine === null || !machine.isStarted) return false
    machine.heartbeat(group, ref, this.instant())
    return true
  }

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
  async leave(group: string, memberId: string, instanceId: string | null): Promise<void> {
    await this.run(this.home(group), (machine, at) => machine.leave(group, memberId, instanceId, at))
  }

  /**
   * Of a member of the new consumer protocol (KIP-848): its part of the group, once all that this stands on is durable.
   * @throws INVALID_HEARTBEAT, GROUP_NOT_FOUND, UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID, UNRELEASED_INSTANCE_ID,
   * UNSUPPORTED_ASSIGNOR, INVALID_REGULAR_EXPRESSION, GROUP_MAX_SIZE_REACHED, GROUP_RELOADED, CLOSED
   */
  async consumerHeartbeat(beat: ConsumerHeartbeat): Promise<ConsumerHeartbeatAnswer> {
    let answer: ConsumerHeartbeatAnswer | undefined
    await this.run(this.home(beat.group), (machine, at) => {
      const step = this.withRoom(machine, beat.group).consumerHeartbeat(beat, at)
      answer = step.answer
      return { records: step.records, replies: [] }
    })
    // Another member's heartbeat may have queued what this answer tells of.
    if (!(await this.directory.settled())) throw this.directory.failed ?? groupReloaded()
    return answer ?? never()
  }

  /** A new member of this process, with an id for ever its own. `disown` it when it ends. */
  adopt(clientId: string): string {
    const id = `${clientId}-${Buffer.from(this.directory.world.random.bytes(16)).toString('hex')}`
    this.living.add(id)
    return id
  }

  /** For a member from outside, unique for ever, as Kafka makes it: after its client, or after its instance. */
  newMemberId(name: string): string {
    const hex = Buffer.from(this.directory.world.random.bytes(16)).toString('hex')
    return `${name}-${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
  }

  isName(group: string): boolean {
    return isGroupName(group)
  }

  disown(memberId: string): void {
    this.living.delete(memberId)
  }

  /** Calls back when the group is being rebalanced, or was read again. Returns the way to stop. */
  watch(group: string, wake: () => void): () => void {
    const watch = { group, home: this.home(group), wake }
    this.watches.add(watch)
    return () => this.watches.delete(watch)
  }

  // Offsets

  /**
   * Resolves when the positions are durable. Without `by` they are of somebody outside the group, who may commit while it is
   * empty. What was committed for the places of `forgotten` is taken back. @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION,
   * NUMBER_OUT_OF_RANGE, INVALID_OPTION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS
   */
  async commit(
    group: string,
    positions: readonly GroupPosition[],
    by?: MemberRef,
    forgotten: readonly Place[] = [],
  ): Promise<void> {
    const committer: Committer = { ...by, transactional: false, forgotten }
    await this.record(this.home(group), (machine, { timestamp }) => {
      for (const position of positions) this.topics.checkPlace(position)
      return this.withRoom(machine, group).commit(group, positions, timestamp, committer)
    })
    this.commits.add()
  }

  /** Whether the position may be committed at all. @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, NUMBER_OUT_OF_RANGE, INVALID_OPTION */
  checkPosition(group: string, position: GroupPosition): void {
    this.topics.checkPlace(position)
    checkPosition(group, position)
  }

  /** Sets positions of a group that has no members. @throws NON_EMPTY_GROUP, and as `commit` */
  async alter(group: string, positions: readonly GroupPosition[]): Promise<void> {
    await this.record(this.home(group), (machine, { timestamp }) => {
      machine.checkEmpty(group)
      for (const position of positions) this.topics.checkPlace(position)
      return this.withRoom(machine, group).commit(group, positions, timestamp)
    })
  }

  /**
   * The records that commit these positions within a transaction, checked: the places, and who may commit for the group (KIP-447).
   * `home` keeps the group and is loaded. @throws UNKNOWN_TOPIC, UNKNOWN_PARTITION, INVALID_OPTION, NUMBER_OUT_OF_RANGE,
   * UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, LIMIT_REACHED
   */
  checkCommit(home: Home, commit: GroupCommit, now: number): readonly OffsetRecord[] {
    assert(home.loaded !== null, 'a commit is checked by a group that is not loaded')
    const { group, positions, member: memberId, instance: instanceId, generation } = commit
    for (const position of positions) this.topics.checkPlace(position)
    return this.withRoom(home.loaded, group).commit(group, positions, now, {
      memberId,
      instanceId,
      generation,
      transactional: true,
    })
  }

  /** Refuses a member that is not in this epoch (KIP-848). @throws UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH */
  async checkFetch(group: string, memberId: string | null, epoch: number): Promise<void> {
    await this.home(group).use((machine) => machine.checkFetch(group, memberId, epoch))
  }

  async positions(group: string): Promise<readonly GroupPosition[]> {
    return this.home(group).answer((machine) => machine.positions(group))
  }

  /**
   * What a group has committed. `stable` refuses to answer while a transaction has an offset pending (KIP-447), for these
   * places or for all. @throws UNSTABLE_OFFSET_COMMIT
   */
  async committed(group: string, stable: readonly Place[] | boolean = false): Promise<readonly CommittedOffset[]> {
    return this.home(group).answer((machine) => {
      if (stable !== false) machine.checkStable(group, stable === true ? null : stable)
      return machine.committed(group)
    })
  }

  /** What the group has for these places, in their order; null: for all that it has anything for. */
  async offsets(group: string, places: readonly Place[] | null): Promise<readonly FoundOffset[]> {
    return this.home(group).answer((machine) => machine.look(group, places))
  }

  /** @throws GROUP_NOT_FOUND, GROUP_SUBSCRIBED_TO_TOPIC, NON_EMPTY_GROUP */
  async deleteOffsets(group: string, places: readonly Place[]): Promise<void> {
    await this.record(this.home(group), (machine) => machine.deleteOffsets(group, places))
  }

  /** Forgets what was committed for topics that are gone. */
  async forgetTopics(topics: readonly string[]): Promise<void> {
    const names = new Set(topics)
    for (const home of this.written()) await this.record(home, (machine) => machine.forgetTopics(names)).catch(unlessDamaged)
  }

  /** Removes what was committed by groups that have been without members for so long, and these groups. */
  async expireOffsets(retentionMs: number): Promise<void> {
    for (const home of this.written())
      await this.record(home, (machine, { timestamp }) => machine.expireOffsets(timestamp, retentionMs)).catch(unlessDamaged)
  }

  // Groups

  /** By name. */
  async list(): Promise<readonly GroupDescription[]> {
    const found: GroupDescription[] = []
    for (const home of this.written()) found.push(...(await home.answer((machine) => machine.list())))
    return found.sort((a, b) => (a.group < b.group ? -1 : 1))
  }

  /** A group that is not there is `Dead`. */
  async describe(group: string): Promise<GroupDetails> {
    return detailsOf(await this.home(group).answer((machine) => machine.describe(group)))
  }

  /** With all that KIP-848 knows of it; undefined for a group that is not there, or speaks the classic protocol. */
  async describeConsumers(group: string): Promise<ConsumerGroupDescription | undefined> {
    const home = this.home(group)
    // Sessions begin, so that whoever is looked at does not stay for ever when it is gone.
    if (home.loaded?.isStarted !== true) await this.run(home, () => noStep)
    return home.answer((machine) => machine.describeConsumers(group))
  }

  /** @throws GROUP_NOT_FOUND, NON_EMPTY_GROUP */
  async delete(group: string): Promise<void> {
    await this.record(this.home(group), (machine) => machine.deleteGroup(group))
  }

  /** The machine, where it knows the group or there may be one more. Groups whose partition is not loaded do not count. @throws LIMIT_REACHED */
  private withRoom(machine: GroupCoordinator, group: string): GroupCoordinator {
    if (machine.has(group)) return machine
    let count = 0
    for (const { loaded } of this.partitions.values()) count += loaded?.size ?? 0
    if (count >= this.maxGroups) throw limitReached('groups', this.maxGroups, group)
    return machine
  }

  /** Those that hold anything. */
  private written(): readonly Home[] {
    const written = this.topics.opened(this.topic).filter(({ endOffset }) => endOffset > 0)
    const partitions = new Set([...this.partitions.keys(), ...written.map(({ partition }) => partition)])
    return [...partitions].map((partition) => this.homeAt(partition))
  }

  /** Those that are loaded: for the metrics. */
  private withMembers(): readonly GroupDescription[] {
    return [...this.partitions.values()].flatMap(({ loaded }) => loaded?.list().filter(({ members }) => members.length > 0) ?? [])
  }

  // The machinery

  private instant(): Instant {
    const { clock } = this.directory.world
    return { now: clock.monotonic(), timestamp: clock.now() }
  }

  private async record(home: Home, decide: (machine: GroupCoordinator, at: Instant) => OffsetRecord[]): Promise<void> {
    await this.run(home, (machine, at) => ({ records: decide(machine, at), replies: [] }))
  }

  /** Runs a command in a turn in which the machine is loaded; resolves when what it decided is durable. */
  private run(home: Home, command: (machine: GroupCoordinator, at: Instant) => GroupStep): Promise<void> {
    return home.use((machine) => {
      if (this.closed) throw closedError()
      const at = this.instant()
      const isGone: Parameters<GroupCoordinator['start']>[1] = ({ id, instanceId, clientHost }) =>
        clientHost === inProcessHost && instanceId === null && !this.living.has(id)
      if (!machine.isStarted) void this.settle(home, machine, machine.start(at, isGone)).catch(ignore)
      return this.settle(home, machine, command(machine, at))
    })
  }

  private async settle(home: Home, machine: GroupCoordinator, { records, replies }: GroupStep): Promise<void> {
    const durable = this.queue(home, records)
    this.arm(home, machine)
    for (const watch of this.watches) if (watch.home === home && machine.isRebalancing(watch.group)) watch.wake()
    if (replies.length === 0) return durable
    try {
      await durable
      if (records.length === 0 && !(await this.directory.settled())) throw this.directory.failed ?? groupReloaded()
      if (records.length > 0 && replies.some(({ kind }) => kind === 'synced')) this.rebalances.add()
      for (const reply of replies) this.calls.answer(reply)
    } catch (error) {
      for (const { call } of replies) this.calls.refuse(call, error)
      throw error
    }
  }

  /** Nothing is awaited before the records are queued and replayed. */
  private async queue(home: Home, records: readonly OffsetRecord[]): Promise<void> {
    if (records.length === 0) return
    const batch = batchOf(records, this.directory.world.clock.now())
    const { durable } = this.directory.append([{ log: home.log, batch }])
    home.replay([batch])
    await durable
  }

  private arm(home: Home, machine: GroupCoordinator): void {
    const at = machine.nextDeadline
    const armed = this.timers.get(home)
    if (armed !== undefined && armed.at <= at && at !== Number.POSITIVE_INFINITY) return
    this.setTimer(home, at)
  }

  private setTimer(home: Home, at: number): void {
    this.timers.get(home)?.timer.cancel()
    this.timers.delete(home)
    if (at === Number.POSITIVE_INFINITY || this.closed) return
    const delayMs = Math.min(Math.max(0, at - this.instant().now), longestTimerMs)
    this.timers.set(home, { at, timer: this.directory.world.clock.after(delayMs, () => void this.onTimer(home)) })
  }

  private async onTimer(home: Home): Promise<void> {
    this.timers.delete(home)
    await this.directory.world.clock.turn()
    if (this.closed || home.loaded === null) return
    try {
      await this.run(home, (machine, at) => machine.expire(at))
    } catch {
      if (!this.closed) this.setTimer(home, this.instant().now + retryDelayMs)
    }
  }

  private onRollBack(): void {
    for (const { timer } of this.timers.values()) timer.cancel()
    this.timers.clear()
    this.calls.refuseAll(groupReloaded())
    for (const { wake } of this.watches) wake()
  }

  close(): void {
    this.closed = true
    for (const { timer } of this.timers.values()) timer.cancel()
    this.timers.clear()
    this.calls.refuseAll(closedError())
  }
}

export type { ConsumerHeartbeat, ConsumerHeartbeatAnswer, FoundOffset, GroupPosition, MemberRef }

type Home = ReplayedPartition<GroupCoordinator>

interface Watch {
  readonly group: string
  readonly home: Home
  readonly wake: () => void
}

const retryDelayMs = 1000
/** Node's timers take no longer delay. */
const longestTimerMs = 2 ** 31 - 1

const noStep: GroupStep = { records: [], replies: [] }

function closedError(): Error {
  return coreError('CLOSED', { what: 'the log is closed' })
}

function never(): never {
  throw coreError('BUG', { what: 'a call was answered with what it did not ask for' })
}

function ignore(): void {
  // The next command, or a timer, tries it again.
}

/** Groups that cannot be read keep nobody from making topics: nobody can read what they committed either. */
function unlessDamaged(error: unknown): void {
  if (!(error instanceof MillraceError) || error.code !== 'SEGMENT_DAMAGED') throw error
}

function applyGroups(machine: GroupCoordinator, batch: Uint8Array): void {
  const { control, transactional, producerId } = readBatchHeader(batch, 0)
  if (control) {
    const kind = readControlKind(batch)
    if (kind !== null) machine.endTransaction(producerId, kind)
    return
  }
  forEachRecord(batch, ({ key, value, offset, timestamp }) => {
    if (key !== null) machine.replay({ key, value }, transactional ? producerId : -1, offset, timestamp)
  })
}
