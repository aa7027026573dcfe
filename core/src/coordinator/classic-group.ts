import { assert } from '../base/assert.ts'
import { consumerProtocolType, sameTopics, subscribesTo } from './consumer-protocol.ts'
import { fencedInstance, illegalGeneration, inconsistentProtocol, rebalancing, unknownMember } from './group-errors.ts'
import type {
  ClassicGroupState,
  GroupDescription,
  GroupStep,
  Instant,
  JoinAnswer,
  JoinRequest,
  MemberRef,
  SyncAnswer,
  SyncRequest,
} from './group-answers.ts'
import type { OffsetRecord } from './group-offsets.ts'
import { groupRecord, type GroupMetadata } from './group-metadata.ts'
import { loadedMember, newMember, sameProtocols, subscriptionOf, type Member } from './group-member.ts'
import { GroupRoster } from './group-roster.ts'

/**
 * One group under Kafka's classic protocol: members join, the leader assigns, all sync; static members after KIP-345.
 *
 *             join                    all joined, or time is up             the leader's sync
 *   Empty ────────▶ PreparingRebalance ────────────────▶ CompletingRebalance ────────────────▶ Stable
 *     ▲                │        ▲                                │                               │
 *     └── nobody left ─┘        └───────── join, leave, expiry ──┴───────────────────────────────┘
 *
 * Invariants
 *   G1  What a completed rebalance decides is a record, and only its `replay` makes it so; members that are on their way
 *       stand in memory alone, and after a restart the group is what its last record says.
 *   G2  A member acts in the generation that it was told; anybody else changes nothing.
 *   G3  Nobody gets an assignment of a generation before everybody who holds one of an older generation has joined again, or
 *       is expelled.
 *   G4  One instance id, one member: the second comer has the place and the assignment, the first is fenced.
 *   G5  Every call that waits gets one reply.
 */
type Phase =
  | { readonly kind: 'Empty' }
  | { readonly kind: 'PreparingRebalance'; readonly deadline: number; readonly startsAt: number }
  | { readonly kind: 'CompletingRebalance'; readonly syncDeadline: number }
  | { readonly kind: 'Stable'; readonly syncDeadline: number }
  | { readonly kind: 'Dead' }

const transitions: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance', 'Stable'],
  Stable: ['PreparingRebalance'],
  Dead: [],
}

export interface ClassicGroupOptions {
  /** How long the first rebalance of an empty group waits for more members (group.initial.rebalance.delay.ms). Default 0. */
  readonly initialRebalanceDelayMs?: number
}

export class ClassicGroup {
  readonly name: string
  private readonly initialDelayMs: number
  private phase: Phase = { kind: 'Empty' }
  private generation = 0
  private protocolType = ''
  private protocol: string | null = null
  private leader: string | null = null
  private timestamp = -1
  private readonly members: GroupRoster
  /** Members that were told their id and have not come back with it, with their deadlines. */
  private readonly expected = new Map<string, number>()

  constructor(name: string, options: ClassicGroupOptions = {}) {
    this.name = name
    this.members = new GroupRoster(name)
    this.initialDelayMs = options.initialRebalanceDelayMs ?? 0
  }

  get state(): ClassicGroupState {
    return this.phase.kind
  }

  /** No members, and nobody on the way. */
  get isEmpty(): boolean {
    return (this.phase.kind === 'Empty' || this.phase.kind === 'Dead') && this.expected.size === 0
  }

  get isNew(): boolean {
    return this.timestamp < 0 && this.members.size === 0 && this.expected.size === 0
  }

  /** When the group came into its state, milliseconds since 1970; -1 unknown. */
  get stateTimestamp(): number {
    return this.timestamp
  }

  private become(phase: Phase): void {
    const from = this.phase.kind
    assert(from === phase.kind || transitions[from].includes(phase.kind), `a group cannot go from ${from} to ${phase.kind}`)
    this.phase = phase
  }

  // Joining

  join(request: JoinRequest, at: Instant): GroupStep {
    const step: GroupStep = { records: [], replies: [] }
    if (request.memberId !== '') this.rejoin(request, at, step)
    else this.firstJoin(request, at, step)
    return step
  }

  private firstJoin(request: JoinRequest, at: Instant, step: GroupStep): void {
    const { instanceId, freshMemberId, call } = request
    const old = instanceId === null ? undefined : this.members.ofInstance(instanceId)
    this.members.checkProtocols(request, old, this.protocolType)
    if (old !== undefined) {
      this.replaceInstance(old, request, at, step)
      return
    }
    if (instanceId === null && request.requireKnownMember) {
      this.expected.set(freshMemberId, at.now + request.sessionTimeoutMs)
      step.replies.push({ kind: 'memberIdRequired', call, memberId: freshMemberId })
      return
    }
    this.add(freshMemberId, request, at, step)
  }

  private add(id: string, request: JoinRequest, at: Instant, step: GroupStep): void {
    this.expected.delete(id)
    if (this.members.size === 0) this.protocolType = request.protocolType
    const member = newMember(id, request)
    this.members.add(member)
    this.await(member, request, at, step)
  }

  /** The member waits for the rebalance that it makes necessary. */
  private await(member: Member, request: JoinRequest, at: Instant, step: GroupStep): void {
    this.update(member, request, step)
    member.joining = request.call
    if (this.phase.kind !== 'PreparingRebalance') this.prepare(at, step)
    else this.hold(at)
    this.joinIfAllAreHere(at, step)
  }

  private update(member: Member, request: JoinRequest, step: GroupStep): void {
    this.supersede(member, step)
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
  }

  /** A member speaks again: what it asked for before is answered by the newer call. */
  private supersede(member: Member, step: GroupStep): void {
    const error = rebalancing(this.name)
    for (const call of [member.joining, member.syncing]) if (call !== null) step.replies.push({ kind: 'refused', call, error })
    member.joining = null
    member.syncing = null
  }

  private rejoin(request: JoinRequest, at: Instant, step: GroupStep): void {
    const { memberId, instanceId } = request
    if (this.expected.has(memberId) && instanceId === null) {
      this.members.checkProtocols(request, undefined, this.protocolType)
      this.add(memberId, request, at, step)
      return
    }
    const member = this.members.known(memberId, instanceId)
    this.members.checkProtocols(request, member, this.protocolType)
    if (this.mayStay(member, request)) step.replies.push({ kind: 'joined', call: request.call, answer: this.joinAnswer(member) })
    else this.await(member, request, at, step)
  }

  /** A join that changes nothing: an answer that was lost, or a follower that only asks. */
  private mayStay(member: Member, { protocols }: JoinRequest): boolean {
    if (!sameProtocols(member.protocols, protocols)) return false
    if (this.phase.kind === 'CompletingRebalance') return true
    return this.phase.kind === 'Stable' && member.id !== this.leader
  }

  /** A new instance takes the place of a static member; in a stable group nobody else notices (KIP-345). */
  private replaceInstance(old: Member, request: JoinRequest, at: Instant, step: GroupStep): void {
    const error = fencedInstance(this.name, old.instanceId!, old.id)
    for (const call of [old.joining, old.syncing]) if (call !== null) step.replies.push({ kind: 'refused', call, error })
    const member: Member = { ...newMember(request.freshMemberId, request), assignment: old.assignment }
    this.members.remove(old)
    this.members.add(member)
    if (this.leader === old.id) this.leader = member.id
    if (this.phase.kind !== 'Stable' || !this.isLike(member, old)) {
      this.await(member, request, at, step)
      return
    }
    member.synced = true
    member.deadline = at.now + member.sessionTimeoutMs
    step.records.push(this.record((one) => one.assignment, at))
    // If it leads, it has nothing to assign: its sync gives what is assigned.
    step.replies.push({ kind: 'joined', call: request.call, answer: { ...this.joinAnswer(member), skipsAssignment: true } })
  }

  /** Nothing would come out differently with the new instance: the same assignor, and the same topics. */
  private isLike(member: Member, old: Member): boolean {
    const protocol = this.protocol ?? ''
    if (this.members.selectProtocol() !== this.protocol) return false
    return (
      this.protocolType !== consumerProtocolType || sameTopics(subscriptionOf(member, protocol), subscriptionOf(old, protocol))
    )
  }

  // A rebalance

  private prepare(at: Instant, step: GroupStep): void {
    if (this.phase.kind === 'CompletingRebalance') this.refuseSyncs(at, step)
    const startsAt = this.phase.kind === 'Empty' ? at.now + this.initialDelayMs : at.now
    this.become({ kind: 'PreparingRebalance', deadline: at.now + this.members.rebalanceTimeoutMs, startsAt })
  }

  /** Newcomers prolong the initial delay, up to the rebalance timeout. */
  private hold({ now }: Instant): void {
    const { phase } = this
    if (phase.kind !== 'PreparingRebalance' || phase.startsAt <= now) return
    const startsAt = Math.min(now + this.initialDelayMs, phase.deadline)
    this.become({ ...phase, startsAt })
  }

  private refuseSyncs({ now }: Instant, step: GroupStep): void {
    for (const member of this.members) {
      if (member.syncing === null) continue
      step.replies.push({ kind: 'refused', call: member.syncing, error: rebalancing(this.name) })
      member.syncing = null
      member.deadline = now + member.sessionTimeoutMs // while it waited, it did not have to beat
    }
  }

  private joinIfAllAreHere(at: Instant, step: GroupStep): void {
    const { phase } = this
    if (phase.kind !== 'PreparingRebalance' || this.expected.size > 0 || at.now < phase.startsAt) return
    for (const { joining } of this.members) if (joining === null) return
    this.completeJoin(at, step)
  }

  /** Ends the time to join: a new generation of those who are here; static members keep their place while their session lasts. */
  private completeJoin(at: Instant, step: GroupStep): void {
    for (const member of this.members) {
      if (member.joining === null && member.instanceId === null) this.members.remove(member)
    }
    if (this.members.size === 0) {
      this.becomeEmpty(at, step)
      return
    }
    const joined = this.members.all.filter(({ joining }) => joining !== null)
    if (joined.length === 0) {
      this.become({ kind: 'PreparingRebalance', deadline: at.now + this.members.rebalanceTimeoutMs, startsAt: at.now })
      return
    }
    this.generation++
    this.protocol = this.members.selectProtocol()
    if (!joined.some(({ id }) => id === this.leader)) this.leader = joined[0]!.id
    this.become({ kind: 'CompletingRebalance', syncDeadline: at.now + this.members.rebalanceTimeoutMs })
    for (const member of this.members) this.answerJoin(member, at, step)
  }

  private answerJoin(member: Member, { now }: Instant, step: GroupStep): void {
    member.synced = member.joining === null // a static member that is away
    if (member.joining === null) return
    step.replies.push({ kind: 'joined', call: member.joining, answer: this.joinAnswer(member) })
    member.joining = null
    member.deadline = now + member.sessionTimeoutMs
  }

  private joinAnswer({ id }: Member): JoinAnswer {
    const { generation, protocolType } = this
    const protocol = this.protocol!
    const leader = this.leader!
    const members = id === leader ? this.members.joined(protocol) : []
    return { memberId: id, generation, protocolType, protocol, leader, skipsAssignment: false, members }
  }

  private becomeEmpty(at: Instant, step: GroupStep): void {
    this.generation++
    this.protocol = null
    this.leader = null
    this.become({ kind: 'Empty' })
    step.records.push(this.record((member) => member.assignment, at))
  }

  private record(
    assignmentOf: (member: Member) => Uint8Array,
    { timestamp: stateTimestamp }: Instant,
  ): GroupStep['records'][number] {
    const { protocolType, generation, protocol, leader } = this
    const members = this.members.persisted(protocol, assignmentOf)
    return groupRecord(this.name, { protocolType, generation, protocol, leader, stateTimestamp, members })
  }

  // Syncing

  sync(request: SyncRequest, at: Instant): GroupStep {
    const step: GroupStep = { records: [], replies: [] }
    const member = this.member(request)
    this.checkAgreement(request)
    if (this.phase.kind === 'PreparingRebalance') throw rebalancing(this.name)
    member.deadline = at.now + member.sessionTimeoutMs
    member.synced = true
    if (this.phase.kind === 'Stable') {
      step.replies.push({ kind: 'synced', call: request.call, answer: this.syncAnswer(member.assignment) })
      return step
    }
    this.supersede(member, step)
    member.syncing = request.call
    if (member.id === this.leader) this.assign(request, at, step)
    return step
  }

  /** @throws INCONSISTENT_GROUP_PROTOCOL */
  private checkAgreement({ protocolType = this.protocolType, protocol = this.protocol ?? '' }: SyncRequest): void {
    if (protocolType === this.protocolType && (this.protocol === null || protocol === this.protocol)) return
    throw inconsistentProtocol(this.name, `${this.protocolType}: ${this.protocol ?? ''}`, `${protocolType}: ${protocol}`)
  }

  private assign({ assignments }: SyncRequest, at: Instant, step: GroupStep): void {
    const given = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
    const assignmentOf = ({ id }: Member): Uint8Array => given.get(id) ?? noBytes
    step.records.push(this.record(assignmentOf, at))
    for (const member of this.members) {
      if (member.syncing === null) continue
      step.replies.push({ kind: 'synced', call: member.syncing, answer: this.syncAnswer(assignmentOf(member)) })
      member.syncing = null
      member.deadline = at.now + member.sessionTimeoutMs
    }
  }

  private syncAnswer(assignment: Uint8Array): SyncAnswer {
    return { protocolType: this.protocolType, protocol: this.protocol!, assignment }
  }

  /** The member that speaks, in this generation. @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION */
  private member({ memberId, instanceId, generation }: MemberRef): Member {
    const member = this.members.known(memberId, instanceId)
    if (generation !== this.generation) throw illegalGeneration(this.name, this.generation, generation)
    return member
  }

  // Staying and leaving

  /** @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS: the member is to join again */
  heartbeat(ref: MemberRef, { now }: Instant): void {
    const member = this.member(ref)
    member.deadline = now + member.sessionTimeoutMs
    if (this.phase.kind === 'PreparingRebalance') throw rebalancing(this.name)
  }

  /** An operator may remove a static member by its instance alone. @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
  leave(memberId: string, instanceId: string | null, at: Instant): GroupStep {
    const step: GroupStep = { records: [], replies: [] }
    if (!this.expected.delete(memberId)) {
      const byInstance = memberId === '' && instanceId !== null ? this.members.ofInstance(instanceId) : undefined
      this.expel(byInstance ?? this.members.known(memberId, instanceId), step)
    }
    this.afterLoss(at, step)
    return step
  }

  private expel(member: Member, step: GroupStep): void {
    const error = unknownMember(this.name, member.id)
    for (const call of [member.joining, member.syncing]) if (call !== null) step.replies.push({ kind: 'refused', call, error })
    this.members.remove(member)
    if (this.leader === member.id) this.leader = null
  }

  /** Somebody is gone: what is stable is rebalanced, and those who wait may have waited for just that one. */
  private afterLoss(at: Instant, step: GroupStep): void {
    const { kind } = this.phase
    if (kind === 'Stable' || kind === 'CompletingRebalance') this.prepare(at, step)
    this.joinIfAllAreHere(at, step)
  }

  // Time

  /** Members that the log had and the clock has not seen: their sessions begin now. `isGone` names those that cannot come back. */
  start(at: Instant, isGone: (member: Pick<Member, 'id' | 'instanceId' | 'clientHost'>) => boolean): GroupStep {
    const step: GroupStep = { records: [], replies: [] }
    const gone = this.members.all.filter((member) => member.deadline === null && isGone(member))
    for (const member of gone) this.expel(member, step)
    for (const member of this.members) member.deadline ??= at.now + member.sessionTimeoutMs
    if (gone.length > 0) this.afterLoss(at, step)
    return step
  }

  /** What is due by `at.now` happens. */
  expire(at: Instant): GroupStep {
    const step: GroupStep = { records: [], replies: [] }
    const lost = this.expelSilent(at, step)
    if (lost) this.afterLoss(at, step)
    const { phase } = this
    if (phase.kind !== 'PreparingRebalance') return step
    if (at.now >= phase.deadline) {
      this.expected.clear()
      this.completeJoin(at, step)
    } else this.joinIfAllAreHere(at, step)
    return step
  }

  private expelSilent({ now }: Instant, step: GroupStep): boolean {
    let lost = false
    for (const [id, deadline] of this.expected) if (deadline <= now) lost = this.expected.delete(id)
    for (const member of this.members) {
      if (this.deadlineOf(member) > now) continue
      this.expel(member, step)
      lost = true
    }
    return lost
  }

  /** Whoever waits for us is not silent; whoever was told to sync and does not holds up all others. */
  private deadlineOf(member: Member): number {
    const { phase } = this
    if (member.joining !== null) return Number.POSITIVE_INFINITY
    const session = member.syncing === null ? (member.deadline ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
    const syncs = phase.kind === 'CompletingRebalance' || phase.kind === 'Stable'
    return syncs && !member.synced ? Math.min(session, phase.syncDeadline) : session
  }

  /** When `expire` has something to do, on the monotonic clock; infinity for never. */
  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    if (this.phase.kind === 'PreparingRebalance') {
      next = this.phase.deadline
      const waits = this.members.all.every(({ joining }) => joining !== null) && this.expected.size === 0
      if (waits) next = Math.min(next, this.phase.startsAt)
    }
    for (const deadline of this.expected.values()) next = Math.min(next, deadline)
    for (const member of this.members) next = Math.min(next, this.deadlineOf(member))
    return next
  }

  // Records

  replay(metadata: GroupMetadata): void {
    const { protocolType, generation, protocol, leader, stateTimestamp, members } = metadata
    this.protocolType = protocolType
    this.generation = generation
    this.protocol = protocol
    this.leader = leader
    this.timestamp = stateTimestamp
    const known = new Map(this.members.all.map((member) => [member.id, member]))
    this.members.clear()
    for (const persisted of members) {
      const before = known.get(persisted.id)
      // What is queued by this process says what the member says already; else the record knows better.
      const isSame = before !== undefined && Buffer.compare(subscriptionOf(before, protocol ?? ''), persisted.subscription) === 0
      const member = isSame ? before : loadedMember(persisted, protocol ?? '')
      member.assignment = persisted.assignment
      this.members.add(member)
    }
    this.phase = members.length === 0 ? { kind: 'Empty' } : { kind: 'Stable', syncDeadline: this.syncDeadline }
  }

  private get syncDeadline(): number {
    const { phase } = this
    return phase.kind === 'CompletingRebalance' || phase.kind === 'Stable' ? phase.syncDeadline : Number.POSITIVE_INFINITY
  }

  /** Its tombstone, which a log that was compacted may hold in any order with the rest. */
  die(): void {
    this.phase = { kind: 'Dead' }
  }

  // Questions

  /**
   * Whether offsets may be committed so. @throws UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION,
   * REBALANCE_IN_PROGRESS
   */
  checkCommit({ memberId, instanceId, generation }: MemberRef, transactional: boolean): void {
    const isOutside = generation < 0 && memberId === '' && instanceId === null
    if (generation < 0 && this.phase.kind === 'Empty') return
    if (!isOutside) this.member({ memberId, instanceId, generation })
    else if (!transactional && this.phase.kind !== 'Empty') throw unknownMember(this.name, memberId)
    if (!transactional && this.phase.kind === 'CompletingRebalance') throw rebalancing(this.name)
  }

  describe(): GroupDescription {
    const { name: group, state, protocolType, protocol, generation, leader } = this
    const members = this.members.describe(protocol)
    return { group, type: 'classic', state, protocolType, protocol, generation, leader, members }
  }

  /** Whether a member reads it, whatever it does now. */
  subscribesTo(topic: string): boolean {
    return this.members.protocols.some(({ metadata }) => subscribesTo(metadata, topic))
  }

  /** The records that delete the group. It has no members. */
  tombstones(): OffsetRecord[] {
    return [groupRecord(this.name, null)]
  }
}

const noBytes = new Uint8Array(0)
