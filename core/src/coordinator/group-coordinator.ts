import { coreError } from '../base/error-catalogue.ts'
import { ClassicGroup } from './classic-group.ts'
import type { ConsumerGroupDescription, ConsumerHeartbeat, ConsumerHeartbeatStep } from './consumer-group-answers.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { ConsumerGroups, type ConsumerGroupsOptions } from './consumer-groups.ts'
import type { GroupDescription, GroupStep, Instant, JoinRequest, MemberRef, SyncRequest } from './group-answers.ts'
import { groupNotFound, nonEmptyGroup, otherProtocol, unknownMember } from './group-errors.ts'
import { readGroup, readGroupKey } from './group-metadata.ts'
import {
  checkGroupName,
  GroupOffsets,
  type CommittedOffset,
  type GroupPosition,
  type OffsetRecord,
  type Place,
} from './group-offsets.ts'
import { consumerProtocolType } from './consumer-protocol.ts'

/**
 * All groups of one partition of `__consumer_offsets`: their members and their offsets.
 *
 * Invariants
 *   N1  Records of any order and kind can be replayed; a tombstone of what is unknown does nothing.
 *   N2  Offsets are taken from members in their generation, and from outsiders while the group is empty.
 *   N3  Nothing expires while the group has members or a transaction has an offset pending; time counts since the group
 *       became empty, or since the commit, whichever is later.
 *   N4  A group speaks one protocol while it has members; the first member of an empty one says which (KIP-848).
 */
export interface GroupCoordinatorOptions extends ConsumerGroupsOptions {
  /** Bounds of the session timeout that members may ask for (group.min/max.session.timeout.ms). */
  readonly minSessionTimeoutMs?: number
  readonly maxSessionTimeoutMs?: number
  readonly initialRebalanceDelayMs?: number
}

/** The host of members in this process. They have no session to be bounded: they beat when they poll. */
export const inProcessHost = 'in-process'

export class GroupCoordinator {
  private readonly options: Required<Omit<GroupCoordinatorOptions, keyof ConsumerGroupsOptions>>
  private readonly groups = new Map<string, ClassicGroup>()
  private readonly consumers: ConsumerGroups
  private readonly offsets = new GroupOffsets()
  /** Whether `start` was called. */
  isStarted = false

  constructor(options: GroupCoordinatorOptions = {}) {
    const { minSessionTimeoutMs = 6000, maxSessionTimeoutMs = 1_800_000, initialRebalanceDelayMs = 0 } = options
    this.options = { minSessionTimeoutMs, maxSessionTimeoutMs, initialRebalanceDelayMs }
    this.consumers = new ConsumerGroups(options)
  }

  // Membership

  /**
   * Once after loading: sessions begin. `isGone` names members of an earlier process that cannot come back.
   */
  start(at: Instant, isGone: Parameters<ClassicGroup['start']>[1] = () => false): GroupStep {
    this.isStarted = true
    this.consumers.start(at)
    return this.all((group) => group.start(at, isGone))
  }

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, INCONSISTENT_GROUP_PROTOCOL, INVALID_SESSION_TIMEOUT, INVALID_OPTION */
  join(request: JoinRequest, at: Instant): GroupStep {
    checkGroupName(request.group)
    checkTexts(request)
    this.checkSession(request)
    let group = this.groups.get(request.group)
    if (group !== undefined) return group.join(request, at)
    const other = this.consumers.get(request.group)
    if (other?.isEmpty === false) throw otherProtocol(request.group, 'INCONSISTENT_GROUP_PROTOCOL')
    if (request.memberId !== '') throw unknownMember(request.group, request.memberId)
    group = new ClassicGroup(request.group, this.options)
    const step = group.join(request, at)
    this.groups.set(request.group, group)
    return other === undefined ? step : { ...step, records: [...other.tombstones(), ...step.records] }
  }

  /**
   * A member of a group of the new consumer protocol lives, joins or leaves (KIP-848).
   * @throws GROUP_NOT_FOUND while the group has members of the classic protocol, and as `ConsumerGroups.heartbeat`
   */
  consumerHeartbeat(beat: ConsumerHeartbeat, at: Instant): ConsumerHeartbeatStep {
    const other = this.groups.get(beat.group)
    if (other === undefined) return this.consumers.heartbeat(beat, at)
    if (!other.isEmpty || beat.epoch !== 0) throw otherProtocol(beat.group, 'GROUP_NOT_FOUND')
    const step = this.consumers.heartbeat(beat, at)
    return { ...step, records: [...other.tombstones(), ...step.records] }
  }

  private checkSession({ group, sessionTimeoutMs, clientHost }: JoinRequest): void {
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.options
    if (clientHost === inProcessHost) return
    if (sessionTimeoutMs >= minSessionTimeoutMs && sessionTimeoutMs <= maxSessionTimeoutMs) return
    throw coreError('INVALID_SESSION_TIMEOUT', {
      what: 'the session timeout is out of bounds',
      where: group,
      expected: `${minSessionTimeoutMs} to ${maxSessionTimeoutMs} ms`,
      received: `${sessionTimeoutMs} ms`,
    })
  }

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, INCONSISTENT_GROUP_PROTOCOL, REBALANCE_IN_PROGRESS */
  sync(request: SyncRequest, at: Instant): GroupStep {
    return this.withMember(request.group, request.memberId).sync(request, at)
  }

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS */
  heartbeat(group: string, ref: MemberRef, at: Instant): void {
    this.withMember(group, ref.memberId).heartbeat(ref, at)
  }

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
  leave(group: string, memberId: string, instanceId: string | null, at: Instant): GroupStep {
    const consumers = this.consumers.get(group)
    if (consumers !== undefined && memberId === '' && instanceId !== null)
      return { records: consumers.removeInstance(instanceId), replies: [] }
    return this.withMember(group, memberId).leave(memberId, instanceId, at)
  }

  private withMember(name: string, memberId: string): ClassicGroup {
    const group = this.groups.get(name)
    if (group === undefined) throw unknownMember(name, memberId)
    return group
  }

  /** What is due happens: sessions, rebalances, syncs. */
  expire(at: Instant): GroupStep {
    const step = this.all((group) => group.expire(at))
    return { ...step, records: [...step.records, ...this.consumers.expire(at)] }
  }

  private all(work: (group: ClassicGroup) => GroupStep): GroupStep {
    const steps = [...this.groups.values()].map(work)
    for (const [name, group] of this.groups) if (group.isNew) this.groups.delete(name)
    return { records: steps.flatMap(({ records }) => records), replies: steps.flatMap(({ replies }) => replies) }
  }

  /** When `expire` has something to do, on the monotonic clock; infinity for never. */
  get nextDeadline(): number {
    let next = this.consumers.nextDeadline
    for (const group of this.groups.values()) next = Math.min(next, group.nextDeadline)
    return next
  }

  /** Members are to join again. */
  isRebalancing(group: string): boolean {
    return this.groups.get(group)?.state === 'PreparingRebalance'
  }

  // Offsets

  /**
   * The records that commit these positions, and that forget what was committed for the places of `forgotten`. Without `by` the commit is not held against the members, as transactions of
   * producers that know nothing of groups are not.
   * @throws INVALID_OPTION, NUMBER_OUT_OF_RANGE, and what `checkCommit` throws
   */
  commit(group: string, positions: readonly GroupPosition[], timestamp: number, by?: Committer): OffsetRecord[] {
    const { forgotten = [] } = by ?? {}
    if (by !== undefined) this.checkCommit(group, by)
    return [...this.offsets.commit(group, positions, timestamp), ...this.offsets.delete(group, forgotten)]
  }

  /**
   * Refuses a commit of a member that is no longer one, before anything is queued (KIP-447 for transactions).
   * @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS
   */
  checkCommit(group: string, { memberId = '', instanceId = null, generation = -1, transactional }: Committer): void {
    const found = this.find(group)
    if (found !== undefined) found.checkCommit({ memberId, instanceId, generation }, transactional)
    else if (generation >= 0 || (transactional && (memberId !== '' || instanceId !== null))) throw unknownMember(group, memberId)
  }

  /** Refuses to read for a member of another epoch (KIP-848). @throws UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH */
  checkFetch(group: string, memberId: string | null, epoch: number): void {
    this.consumers.get(group)?.checkFetch(memberId, epoch)
  }

  positions(group: string): readonly GroupPosition[] {
    return this.offsets.positions(group)
  }

  committed(group: string): readonly CommittedOffset[] {
    return this.offsets.committed(group)
  }

  /** For these places in their order; null: for all that the group has. */
  look(group: string, places: readonly Place[] | null): readonly FoundOffset[] {
    return (places ?? this.offsets.places(group)).map(({ topic, partition }) => {
      const place = { topic, partition }
      return { ...place, committed: this.offsets.committedFor(group, place), isPending: this.offsets.isPending(group, place) }
    })
  }

  /** With `requireStable` (KIP-447). @throws UNSTABLE_OFFSET_COMMIT while a transaction has one pending for these places */
  checkStable(group: string, places: readonly Place[] | null): void {
    const isPending =
      places === null ? this.offsets.isPending(group) : places.some((place) => this.offsets.isPending(group, place))
    if (!isPending) return
    throw coreError('UNSTABLE_OFFSET_COMMIT', {
      what: 'a transaction that has not ended commits offsets of the group',
      where: group,
    })
  }

  /**
   * The records that delete committed offsets. Members that are no consumers say to nobody what they need, so their group has to be
   * empty. @throws GROUP_NOT_FOUND, GROUP_SUBSCRIBED_TO_TOPIC, NON_EMPTY_GROUP
   */
  deleteOffsets(name: string, places: readonly Place[]): OffsetRecord[] {
    this.checkKnown(name)
    const group = this.find(name)
    if (group instanceof ClassicGroup && group.describe().protocolType !== consumerProtocolType) this.checkEmpty(name)
    for (const { topic } of places) if (group !== undefined && !group.isEmpty) checkUnsubscribed(group, topic)
    return this.offsets.delete(name, places)
  }

  /** The records that delete a group and all that it has committed. @throws GROUP_NOT_FOUND, NON_EMPTY_GROUP */
  deleteGroup(name: string): OffsetRecord[] {
    this.checkKnown(name)
    this.checkEmpty(name)
    const offsets = this.offsets.delete(name, this.offsets.places(name))
    return [...offsets, ...(this.find(name)?.tombstones() ?? [])]
  }

  /** @throws NON_EMPTY_GROUP */
  checkEmpty(name: string): void {
    if (this.find(name)?.isEmpty === false) throw nonEmptyGroup(name)
  }

  /** The records that delete what was committed for topics that are gone. */
  forgetTopics(topics: ReadonlySet<string>): OffsetRecord[] {
    return [...this.names].flatMap((name) => {
      const gone = this.offsets.places(name).filter(({ topic }) => topics.has(topic))
      return this.offsets.delete(name, gone)
    })
  }

  /**
   * The records that delete what is older than `retentionMs`: offsets, and then groups that have nothing left. Kafka does so with offsets
   * of groups that never had members, too. Here these stay: whoever reads by hand, or an application that commits with its transactions,
   * may have nothing to do, or not run, for longer than that, and would begin anew.
   */
  expireOffsets(timestamp: number, retentionMs: number): OffsetRecord[] {
    return [...this.names].flatMap((name) => this.expireGroup(name, timestamp - retentionMs))
  }

  private expireGroup(name: string, before: number): OffsetRecord[] {
    const group = this.find(name)
    if (group?.isEmpty !== true) return []
    const emptySince = group.stateTimestamp
    const all = this.offsets.committed(name)
    const old = all.filter(
      (place) => Math.max(place.commitTimestamp, emptySince) < before && !this.offsets.isPending(name, place),
    )
    const records = this.offsets.delete(name, old)
    const isLast = old.length === all.length && emptySince < before && !this.offsets.isPending(name)
    return isLast ? [...records, ...group.tombstones()] : records
  }

  // Questions

  private find(name: string): ClassicGroup | ConsumerGroup | undefined {
    return this.groups.get(name) ?? this.consumers.get(name)
  }

  /** Groups that have members, or offsets: those of both are counted once where that is cheap, so that it may be a few less. */
  get size(): number {
    return Math.max(this.groups.size + this.consumers.size, this.offsets.size)
  }

  private get names(): ReadonlySet<string> {
    return new Set([...this.groups.keys(), ...this.consumers.names, ...this.offsets.names])
  }

  private checkKnown(name: string): void {
    if (!this.has(name)) throw groupNotFound(name)
  }

  has(name: string): boolean {
    return this.find(name) !== undefined || this.offsets.committed(name).length > 0
  }

  list(): readonly GroupDescription[] {
    return Array.from(this.names, (name) => this.describe(name))
  }

  /** A group that is not there is Dead; one that has only offsets is Empty. */
  describe(name: string): GroupDescription {
    const known = this.groups.get(name)?.describe() ?? this.consumers.describe(name)
    if (known !== undefined) return known
    const state = this.has(name) ? 'Empty' : 'Dead'
    return { group: name, type: 'classic', state, protocolType: '', protocol: null, generation: 0, leader: null, members: [] }
  }

  /** Undefined for a group that is not there, or speaks the classic protocol. */
  describeConsumers(name: string): ConsumerGroupDescription | undefined {
    return this.consumers.describeFully(name)
  }

  // Records

  /** `producerId` is -1 outside a transaction, `recordOffset` where the record stands, `timestamp` when it was written. */
  replay(record: OffsetRecord, producerId: number, recordOffset: number = 0, timestamp: number = -1): void {
    if (this.consumers.replay(record, timestamp)) return
    const name = readGroupKey(record.key)
    if (name === null) {
      this.offsets.replay(record, producerId, recordOffset)
      return
    }
    if (record.value === null) {
      this.groups.get(name)?.die()
      this.groups.delete(name)
      return
    }
    let group = this.groups.get(name)
    if (group === undefined) {
      group = new ClassicGroup(name, this.options)
      this.groups.set(name, group)
    }
    group.replay(readGroup(record.value))
  }

  endTransaction(producerId: number, kind: 'commit' | 'abort'): void {
    this.offsets.endTransaction(producerId, kind)
  }
}

/** Who commits offsets; all of it is optional for those outside the group. */
export interface Committer {
  readonly memberId?: string | undefined
  readonly instanceId?: string | null | undefined
  readonly generation?: number | undefined
  readonly transactional: boolean
  /** Places whose offsets are taken back. */
  readonly forgotten?: readonly Place[]
}

/** What a group has for a place. */
export interface FoundOffset extends Place {
  readonly committed: CommittedOffset | null
  /** A transaction that has not ended commits one (KIP-447). */
  readonly isPending: boolean
}

/** In characters: a record counts the bytes of a text in 16 bits. */
const longestText = 8192

/** What goes into the record of the group has to fit there. @throws INVALID_OPTION */
function checkTexts({ group, freshMemberId, clientId, instanceId, protocolType, protocols }: JoinRequest): void {
  const texts = [freshMemberId, clientId, instanceId ?? '', protocolType, ...protocols.map(({ name }) => name)]
  const longest = Math.max(...texts.map(({ length }) => length))
  if (longest <= longestText) return
  throw coreError('INVALID_OPTION', {
    what: 'a name that a member gives is too long',
    where: group,
    expected: `at most ${longestText} characters`,
    received: longest,
  })
}

/** @throws GROUP_SUBSCRIBED_TO_TOPIC */
function checkUnsubscribed(group: ClassicGroup | ConsumerGroup, topic: string): void {
  if (!group.subscribesTo(topic)) return
  throw coreError('GROUP_SUBSCRIBED_TO_TOPIC', { what: `members subscribe to ${topic}`, where: group.name })
}
