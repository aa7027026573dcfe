import { coreError } from '../base/error-catalogue.ts'
import {
  leaving,
  leavingForAWhile,
  type ConsumerGroupDescription,
  type ConsumerGroupPhase,
  type ConsumerGroupSettings,
  type ConsumerHeartbeat,
  type ConsumerHeartbeatStep,
} from './consumer-group-answers.ts'
import { assign, checkRegex, Draft, resolveRegexes, sameTexts, subscribedIn } from './consumer-group-draft.ts'
import type { ConsumerGroupChange, MemberPlace, MemberSubscription } from './consumer-group-records.ts'
import { ConsumerGroupState, nowhere, silent, type ConsumerMember } from './consumer-group-state.ts'
import type { Instant, MemberRef } from './group-answers.ts'
import { fencedEpoch, fencedInstance, illegalGeneration, staleEpoch, unknownMember, unreleasedInstance } from './group-errors.ts'
import type { OffsetRecord } from './group-offsets.ts'
import { isSubset, noPartitions, sameSets } from './partition-sets.ts'
import { reconcile } from './reconcile-member.ts'
import { assignorOf } from './target-assignment.ts'
import { topicsHash, type TopicsView } from './topics-view.ts'

/**
 * One group under the new consumer protocol (KIP-848): the coordinator assigns, and each member comes to its part with its own heartbeats.
 *
 *   a member comes, goes, or subscribes to other topics;   ──▶   group epoch + 1   ──▶   a target assignment of that epoch
 *   topics come, go, or grow                                                              ──▶   each member comes to it, see `reconcile`
 *
 * Invariants
 *   P1  A command decides on a copy and answers the records that lead there; only `apply` of these makes it so.
 *   P2  A partition has one holder at most: it is given away when its last holder has said that it gave it up, has left, or was
 *       expelled. A member that does not give up within its rebalance timeout is expelled.
 *   P3  A member acts in the epoch that it was told, or, if that answer was lost, in the one before while it holds nothing else.
 *   P4  One instance id, one member: another one gets it when the first has left, and its partitions with it (KIP-345).
 *   P5  Sessions and rebalance timeouts stand in memory alone, and begin anew when the group is loaded.
 */
export class ConsumerGroup {
  readonly name: string
  private readonly state = new ConsumerGroupState()
  /** On the monotonic clock, by member id. */
  private readonly sessions = new Map<string, number>()
  private readonly revocations = new Map<string, { readonly epoch: number; readonly at: number }>()
  /** The view of topics that the group was last found to agree with. */
  private seenTopics: number | null = null
  private changedAt = -1

  constructor(name: string) {
    this.name = name
  }

  get isEmpty(): boolean {
    return this.state.members.size === 0
  }

  /** When the last record was written, milliseconds since 1970; -1 never. */
  get stateTimestamp(): number {
    return this.changedAt
  }

  // Heartbeats

  /**
   * What `checkHeartbeat` lets through. @throws UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID, UNRELEASED_INSTANCE_ID,
   * INVALID_REGULAR_EXPRESSION, GROUP_MAX_SIZE_REACHED
   */
  heartbeat(beat: ConsumerHeartbeat, at: Instant, topics: TopicsView, settings: ConsumerGroupSettings): ConsumerHeartbeatStep {
    if (beat.epoch < 0) return this.leave(beat, settings)
    const draft = new Draft(this.name, this.state)
    const before = beat.epoch === 0 ? this.enter(beat, draft, settings) : this.known(beat)
    this.subscribe(before, beat, at, topics, draft)
    if (draft.state.epoch > draft.state.targetEpoch) assign(draft, topics)
    const after = this.advance(before, beat, draft)
    this.await(after, at, settings)
    const { id: memberId, epoch, assigned } = after
    const tells = beat.epoch === 0 || isFull(beat) || !sameSets(assigned, before.assigned)
    const { heartbeatIntervalMs } = settings
    return { records: draft.records, answer: { memberId, epoch, heartbeatIntervalMs, assignment: tells ? assigned : null } }
  }

  private enter(beat: ConsumerHeartbeat, draft: Draft, { maxSize }: ConsumerGroupSettings): ConsumerMember {
    const { memberId, instanceId } = beat
    const members = this.state.members
    const known = members.get(memberId)
    const old = instanceId === null ? undefined : this.state.ofInstance(instanceId)
    if (old !== undefined && old.id !== memberId) return this.replace(old, beat, draft)
    if (known !== undefined) return known
    if (members.size >= maxSize) {
      throw coreError('GROUP_MAX_SIZE_REACHED', {
        what: 'the group is full',
        where: this.name,
        expected: `at most ${maxSize} members`,
      })
    }
    return { ...silent, ...nowhere, id: memberId }
  }

  /** What the member before had, and was to have, is its own now. */
  private replace(old: ConsumerMember, { memberId, instanceId }: ConsumerHeartbeat, draft: Draft): ConsumerMember {
    if (old.epoch !== leavingForAWhile) throw unreleasedInstance(this.name, instanceId!)
    const target = this.state.targetOf(old.id)
    draft.remove(old)
    draft.put({ kind: 'member', memberId, value: subscriptionOf(old) })
    draft.put({ kind: 'target', memberId, value: target })
    draft.put({ kind: 'current', memberId, value: { ...placeOf(old), epoch: 0, previousEpoch: 0 } })
    return draft.state.members.get(memberId)!
  }

  private known({ memberId, instanceId, epoch, owned }: ConsumerHeartbeat): ConsumerMember {
    const member = instanceId === null ? this.state.members.get(memberId) : this.state.ofInstance(instanceId)
    if (member === undefined) throw unknownMember(this.name, memberId)
    if (member.id !== memberId) throw fencedInstance(this.name, instanceId!, memberId)
    const isBehind = epoch === member.previousEpoch && owned !== null && isSubset(owned, member.assigned)
    if (epoch > member.epoch || (epoch < member.epoch && !isBehind)) throw fencedEpoch(this.name, member.epoch, epoch)
    return member
  }

  /** What the member tells anew, and what the topics have become. */
  private subscribe(before: ConsumerMember, beat: ConsumerHeartbeat, at: Instant, topics: TopicsView, draft: Draft): void {
    const told = toldBy(before, beat)
    const isNew = !draft.state.members.has(before.id)
    if (isNew || told.regex !== before.regex) checkRegex(told.regex, this.name)
    if (isNew || !sameSubscription(told, before)) draft.put({ kind: 'member', memberId: before.id, value: told })
    const isOther =
      isNew ||
      told.regex !== before.regex ||
      !sameTexts(told.topics, before.topics) ||
      (told.assignor !== before.assignor && assignorOf(draft.state) !== assignorOf(this.state))
    if (!isOther && this.seenTopics === topics.version) return
    resolveRegexes(draft, topics, at, beat.sees ?? all)
    const hash = topicsHash(subscribedIn(draft.state), topics)
    if (isOther || hash !== draft.state.topicsHash) draft.bump(hash)
    else this.seenTopics = topics.version
  }

  private advance({ id }: ConsumerMember, { owned }: ConsumerHeartbeat, draft: Draft): ConsumerMember {
    const { state } = draft
    const member = state.members.get(id)!
    const holdsIt = (holder: string | undefined): boolean => holder !== undefined && holder !== id
    const after = reconcile(member, {
      target: state.targetOf(id),
      targetEpoch: state.targetEpoch,
      owned,
      isHeld: (place) => holdsIt(state.holderOf(place)),
    })
    if (after !== member && !samePlace(after, member)) draft.put({ kind: 'current', memberId: id, value: placeOf(after) })
    return draft.state.members.get(id)!
  }

  /** Its session begins anew; the time to give up partitions began with the first heartbeat that was told to. */
  private await(
    { id, state, epoch, rebalanceTimeoutMs }: ConsumerMember,
    { now }: Instant,
    settings: ConsumerGroupSettings,
  ): void {
    this.sessions.set(id, now + settings.sessionTimeoutMs)
    if (state !== 'unrevoked') this.revocations.delete(id)
    else if (this.revocations.get(id)?.epoch !== epoch)
      this.revocations.set(id, { epoch, at: now + Math.max(0, rebalanceTimeoutMs) })
  }

  // Leaving

  private leave(beat: ConsumerHeartbeat, settings: ConsumerGroupSettings): ConsumerHeartbeatStep {
    const { memberId, instanceId, epoch } = beat
    const member = instanceId === null ? this.state.members.get(memberId) : this.state.ofInstance(instanceId)
    if (member === undefined) throw unknownMember(this.name, memberId)
    if (member.id !== memberId) throw fencedInstance(this.name, instanceId!, memberId)
    const draft = new Draft(this.name, this.state)
    if (epoch === leaving) this.expel([member], draft)
    else draft.put({ kind: 'current', memberId, value: { ...placeOf(member), epoch: leavingForAWhile, revoking: noPartitions } })
    this.revocations.delete(memberId)
    const { heartbeatIntervalMs } = settings
    return { records: draft.records, answer: { memberId, epoch, heartbeatIntervalMs, assignment: null } }
  }

  /** Whoever sees to the group removes a static member by its instance id. @throws UNKNOWN_MEMBER_ID */
  removeInstance(instanceId: string): OffsetRecord[] {
    const member = this.state.ofInstance(instanceId)
    if (member === undefined) throw unknownMember(this.name, instanceId)
    const draft = new Draft(this.name, this.state)
    this.expel([member], draft)
    return draft.records
  }

  private expel(members: readonly ConsumerMember[], draft: Draft): void {
    for (const member of members) draft.remove(member)
    draft.forgetRegexes()
    draft.bump(draft.state.topicsHash)
  }

  // Time

  /** Once after loading. */
  start({ now }: Instant, { sessionTimeoutMs }: ConsumerGroupSettings): void {
    for (const { id, state, epoch, rebalanceTimeoutMs } of this.state.members.values()) {
      this.sessions.set(id, now + sessionTimeoutMs)
      if (state === 'unrevoked') this.revocations.set(id, { epoch, at: now + Math.max(0, rebalanceTimeoutMs) })
    }
  }

  /** Whoever has been silent for too long, or does not give up what it was told to, is expelled. */
  expire({ now }: Instant): OffsetRecord[] {
    const { members } = this.state
    for (const id of this.sessions.keys()) if (!members.has(id)) this.forget(id)
    const draft = new Draft(this.name, this.state)
    const isLate = ({ id }: ConsumerMember): boolean =>
      (this.sessions.get(id) ?? Infinity) <= now || (this.revocations.get(id)?.at ?? Infinity) <= now
    const late = [...members.values()].filter(isLate)
    if (late.length > 0) this.expel(late, draft)
    return draft.records
  }

  /** On the monotonic clock; infinity for never. */
  get nextDeadline(): number {
    let next = Number.POSITIVE_INFINITY
    for (const at of this.sessions.values()) next = Math.min(next, at)
    for (const { at } of this.revocations.values()) next = Math.min(next, at)
    return next
  }

  // Records

  apply(change: ConsumerGroupChange, timestamp: number): void {
    this.state.apply(change)
    if (change.kind === 'member' && change.value === null) this.forget(change.memberId)
    this.changedAt = Math.max(this.changedAt, timestamp)
  }

  private forget(memberId: string): void {
    this.sessions.delete(memberId)
    this.revocations.delete(memberId)
  }

  /** The records that delete the group. It has no members. */
  tombstones(): OffsetRecord[] {
    const draft = new Draft(this.name, this.state)
    draft.forgetRegexes()
    draft.put({ kind: 'targetEpoch', value: null })
    draft.put({ kind: 'group', value: null })
    return draft.records
  }

  // Questions

  /**
   * Whether offsets may be committed so. A producer hears of another epoch as of another generation, which it knows.
   * @throws UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH, ILLEGAL_GENERATION
   */
  checkCommit({ memberId, instanceId, generation }: MemberRef, transactional: boolean): void {
    if (generation < 0 && this.isEmpty) return
    if (transactional && generation < 0 && memberId === '' && instanceId === null) return
    const { epoch } = this.mustHave(memberId)
    if (epoch === generation) return
    throw transactional ? illegalGeneration(this.name, epoch, generation) : staleEpoch(this.name, epoch, generation)
  }

  /** Whether a member may read what is committed. @throws UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH */
  checkFetch(memberId: string | null, epoch: number): void {
    if (memberId === null && epoch < 0) return
    const member = this.mustHave(memberId ?? '')
    if (member.epoch !== epoch) throw staleEpoch(this.name, member.epoch, epoch)
  }

  private mustHave(memberId: string): ConsumerMember {
    const member = this.state.members.get(memberId)
    if (member === undefined) throw unknownMember(this.name, memberId)
    return member
  }

  subscribesTo(topic: string): boolean {
    return [...this.state.members.values()].some((member) => this.state.topicsOf(member).includes(topic))
  }

  private get phase(): ConsumerGroupPhase {
    const { epoch, targetEpoch, members } = this.state
    if (members.size === 0) return 'Empty'
    if (epoch > targetEpoch) return 'Assigning'
    const isThere = (member: ConsumerMember): boolean => member.state === 'stable' && member.epoch === targetEpoch
    return [...members.values()].every(isThere) ? 'Stable' : 'Reconciling'
  }

  describe(): ConsumerGroupDescription {
    const { epoch, targetEpoch, members } = this.state
    return {
      group: this.name,
      state: this.phase,
      epoch,
      targetEpoch,
      assignor: assignorOf(this.state),
      members: Array.from(members.values(), (member) => ({
        ...member,
        target: this.state.targetOf(member.id),
        allTopics: this.state.topicsOf(member),
      })),
    }
  }
}

function toldBy(before: ConsumerMember, beat: ConsumerHeartbeat): MemberSubscription {
  const { instanceId, rackId, clientId, clientHost, topics, regex, rebalanceTimeoutMs, assignor } = beat
  return {
    instanceId: instanceId ?? before.instanceId,
    rackId: rackId ?? before.rackId,
    clientId,
    clientHost,
    topics: topics === null ? before.topics : [...new Set(topics)].toSorted(),
    // An empty one takes it back.
    regex: (regex ?? before.regex) || null,
    rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    assignor: assignor ?? before.assignor,
  }
}

function sameSubscription(a: MemberSubscription, b: MemberSubscription): boolean {
  const names = ['instanceId', 'rackId', 'clientId', 'clientHost', 'regex', 'rebalanceTimeoutMs', 'assignor'] as const
  return names.every((name) => a[name] === b[name]) && sameTexts(a.topics, b.topics)
}

function isFull({ rebalanceTimeoutMs, topics, regex, owned }: ConsumerHeartbeat): boolean {
  return rebalanceTimeoutMs >= 0 && (topics !== null || regex !== null) && owned !== null
}

function subscriptionOf(member: ConsumerMember): MemberSubscription {
  const { instanceId, rackId, clientId, clientHost, topics, regex, rebalanceTimeoutMs, assignor } = member
  return { instanceId, rackId, clientId, clientHost, topics, regex, rebalanceTimeoutMs, assignor }
}

function placeOf({ epoch, previousEpoch, state, assigned, revoking }: MemberPlace): MemberPlace {
  return { epoch, previousEpoch, state, assigned, revoking }
}

function samePlace(a: MemberPlace, b: MemberPlace): boolean {
  return a.epoch === b.epoch && a.state === b.state && sameSets(a.assigned, b.assigned) && sameSets(a.revoking, b.revoking)
}

const all = (): boolean => true
