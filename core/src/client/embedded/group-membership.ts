import { MillraceError } from '../../base/errors.ts'
import type { GroupAssignor } from '../../base/group-assignor.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'
import { ConsumerMember } from '../../broker/consumer-member.ts'
import type { MemberRef } from '../../broker/groups.ts'
import type { Partition } from '../../broker/partition.ts'
import type { AssignorName, GroupMembership as MembershipView, RebalanceListener } from '../consumer.ts'
import type { AssignedPartitions } from '../assigned-partition.ts'

/**
 * One consumer as a member of its group. Everything that touches its partitions happens inside `advance`, which a poll calls:
 * joining itself goes on meanwhile, so that a cooperative member reads on what it has.
 *
 * Invariants
 *   J1  An eager member gives up everything before it joins; a cooperative one gives up what it lost as soon as it knows, and
 *       joins again to say so.
 *   J2  Partitions are taken out of the consumer only after the listener has heard of it, and put in before it hears of them.
 *   J3  Whoever was expelled has lost its partitions: nothing is committed for them.
 */
type State =
  | { readonly kind: 'out' }
  | { readonly kind: 'joining'; outcome: Outcome | null }
  | { readonly kind: 'in' }
  | { readonly kind: 'fenced'; readonly error: unknown }

type Outcome =
  | { readonly kind: 'assigned'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface MembershipOptions {
  readonly group: string
  readonly assignors: readonly (AssignorName | GroupAssignor)[]
  readonly instanceId: string | null
  readonly maxPollIntervalMs: number
}

/** Kafka's retry.backoff.ms. */
const retryDelayMs = 100

/** What the membership does to its consumer. */
export interface MembershipHost {
  readonly assigned: AssignedPartitions<Partition>
  add(partitions: readonly TopicPartition[]): void
  /** Commits what is processed, when that is wanted, before partitions go. */
  beforeRevoke(): Promise<void>
  wake(): void
}

export class GroupMembership {
  private readonly broker: Broker
  private readonly host: MembershipHost
  private readonly options: MembershipOptions
  private topics: readonly string[] | RegExp
  private listener: RebalanceListener
  private state: State = { kind: 'out' }
  private readonly member: ConsumerMember
  /** What it said it subscribes to when it joined last. */
  private subscribed: readonly string[] = []
  private topicsChanged = false
  /** Named since the last join: made when they are not there, where the log does that, and not again when they are deleted. */
  private named: readonly string[]
  /** The log refuses writes: asking again at once would only keep the loop busy. */
  private waitsBeforeJoin = false
  private running = false
  private closed = false
  private failure: { readonly error: unknown } | null = null
  private readonly stops: readonly (() => void)[]

  constructor(
    broker: Broker,
    host: MembershipHost,
    options: MembershipOptions,
    topics: readonly string[] | RegExp,
    listener: RebalanceListener,
  ) {
    this.broker = broker
    this.host = host
    this.options = options
    this.topics = topics
    this.named = topics instanceof RegExp ? [] : topics
    this.listener = listener
    const { group, assignors, instanceId, maxPollIntervalMs: sessionTimeoutMs } = options
    this.member = new ConsumerMember(broker.groups, broker.topics, { group, assignors, instanceId, sessionTimeoutMs })
    const onTopics = (): void => {
      this.topicsChanged = true
      host.wake()
    }
    this.stops = [broker.topics.metadata.onChange(onTopics), broker.groups.watch(options.group, () => host.wake())]
  }

  get ref(): MemberRef {
    return this.member.ref
  }

  get view(): MembershipView | null {
    if (!this.member.isKnown) return null
    const { memberId: member, generation, instanceId } = this.member.ref
    const view = { group: this.options.group, member, generation }
    return instanceId === null ? view : { ...view, instance: instanceId }
  }

  /** Other topics; what it has of them is sorted out by the rebalance that follows. */
  subscribe(topics: readonly string[] | RegExp, listener: RebalanceListener): void {
    this.topics = topics
    this.named = topics instanceof RegExp ? [] : topics
    this.listener = listener
    this.topicsChanged = true
    this.host.wake()
  }

  /** Whether `advance` has something to do that may take partitions away. */
  get wantsAttention(): boolean {
    if (this.state.kind === 'joining') return this.state.outcome !== null
    return this.state.kind !== 'in' || this.topicsChanged || !this.isUndisturbed()
  }

  private isUndisturbed(): boolean {
    try {
      return this.member.beat()
    } catch {
      return false
    }
  }

  /** A sign of life. What else there is to hear comes with the next `advance`. */
  beat(): void {
    if (this.state.kind === 'in') this.isUndisturbed()
  }

  /** Goes as far as it can without waiting for others. @throws FENCED_INSTANCE_ID, and what the listener throws */
  async advance(): Promise<void> {
    if (this.running) return // a listener polls, or two polls at once
    this.running = true
    try {
      while (await this.step());
    } finally {
      this.running = false
    }
    const { failure } = this
    this.failure = null
    if (failure !== null) throw failure.error
  }

  /** False when there is nothing more to do now. */
  private async step(): Promise<boolean> {
    const { state } = this
    if (state.kind === 'fenced') throw state.error
    if (state.kind === 'in') return this.check()
    if (state.kind === 'out') {
      await this.join()
      return false
    }
    if (state.outcome === null) return false
    if (state.outcome.kind === 'failed') await this.onFailed(state.outcome.error)
    else await this.onAssigned(state.outcome.partitions)
    return true
  }

  // Joining

  private async join(): Promise<void> {
    await this.makeNamed()
    this.topicsChanged = false
    if (!this.member.isCooperative) await this.revoke(this.host.assigned.places)
    if (this.closed) return
    this.subscribed = this.wanted()
    const joining: State = { kind: 'joining', outcome: null }
    this.state = joining
    void this.enter(joining)
      .then(
        (partitions): Outcome => ({ kind: 'assigned', partitions }),
        (error: unknown): Outcome => ({ kind: 'failed', error }),
      )
      .then((outcome) => {
        joining.outcome = outcome
        this.host.wake()
      })
  }

  private async makeNamed(): Promise<void> {
    const { named } = this
    const { autoCreation } = this.broker
    if (autoCreation === null || named.length === 0) return
    await Promise.all(named.map((topic) => autoCreation.make(topic)))
    if (this.named === named) this.named = []
  }

  private async enter(joining: State): Promise<readonly TopicPartition[]> {
    if (this.waitsBeforeJoin)
      await new Promise<void>((resolve) => void this.broker.directory.world.clock.after(retryDelayMs, resolve))
    this.waitsBeforeJoin = false
    if (this.state !== joining) return [] // closed meanwhile
    return this.member.join(this.subscribed, this.host.assigned.places)
  }

  private wanted(): readonly string[] {
    const { topics } = this
    if (!(topics instanceof RegExp)) return topics.toSorted()
    const pattern = new RegExp(topics.source, topics.flags.replaceAll(/[gy]/g, '')) // with g or y it would remember its last match
    return this.broker.topics.names.filter((name) => pattern.test(name)).toSorted()
  }

  private async onAssigned(partitions: readonly TopicPartition[]): Promise<void> {
    this.state = { kind: 'in' }
    const names = new Set(partitions.map(partitionName))
    const { assigned } = this.host
    const revoked = assigned.places.filter((place) => !names.has(partitionName(place)))
    await this.revoke(revoked)
    const added = partitions.filter((place) => assigned.get(place) === undefined && this.exists(place))
    this.host.add(added)
    await this.tell(() => this.listener.onAssigned?.(added))
    // Others wait for what was given up, and they get it in the next generation.
    if (revoked.length > 0) this.state = { kind: 'out' }
  }

  private exists({ topic, partition }: TopicPartition): boolean {
    return partition < (this.broker.topics.partitionCount(topic) ?? 0)
  }

  private async onFailed(error: unknown): Promise<void> {
    this.state = { kind: 'out' }
    switch (error instanceof MillraceError ? error.code : '') {
      case 'GROUP_RELOADED':
        this.waitsBeforeJoin = true
        return
      case 'REBALANCE_IN_PROGRESS':
        return
      case 'UNKNOWN_MEMBER_ID':
        this.member.forgetId()
        return this.lose(this.host.assigned.places, error)
      case 'ILLEGAL_GENERATION':
        this.member.forgetGeneration()
        return this.lose(this.host.assigned.places, error)
      case 'FENCED_INSTANCE_ID':
        this.state = { kind: 'fenced', error }
        return this.lose(this.host.assigned.places, error)
      default:
        throw error
    }
  }

  // Being in

  /** True when there is more to do: the membership is over, or the group is to be rebalanced. */
  private async check(): Promise<boolean> {
    try {
      if (!this.member.beat()) await this.member.heartbeat()
    } catch (error) {
      await this.onFailed(error)
      return true
    }
    if (!this.topicsChanged) return false
    this.topicsChanged = false
    const stale = this.stale()
    await this.lose(stale, null)
    if (stale.length === 0 && !this.subscriptionChanged()) return false
    this.state = { kind: 'out' }
    return true
  }

  /** Partitions of topics that were deleted, even if there is a new topic of that name. */
  private stale(): readonly TopicPartition[] {
    const { assigned } = this.host
    const { topics } = this.broker
    return assigned.places.filter((place) => !this.exists(place) || topics.log(place) !== assigned.find(place).log)
  }

  private subscriptionChanged(): boolean {
    const wanted = this.wanted()
    if (wanted.length !== this.subscribed.length || wanted.some((topic, at) => topic !== this.subscribed[at])) return true
    return this.member.seesOtherCounts
  }

  // Giving up

  private async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return
    await this.tell(() => this.host.beforeRevoke())
    await this.tell(() => this.listener.onRevoked?.(partitions))
    this.remove(partitions)
  }

  private async lose(partitions: readonly TopicPartition[], error: unknown): Promise<void> {
    if (partitions.length === 0) return
    const { onLost, onRevoked } = this.listener
    const cause = error instanceof MillraceError ? error : null
    await this.tell(() =>
      onLost === undefined ? onRevoked?.call(this.listener, partitions) : onLost.call(this.listener, partitions, cause),
    )
    this.remove(partitions)
  }

  private remove(partitions: readonly TopicPartition[]): void {
    for (const place of partitions) this.host.assigned.remove(place)
  }

  /** A listener that throws does not stop the rebalance; the poll throws it in the end. */
  private async tell(call: () => void | Promise<void>): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.failure ??= { error }
    }
  }

  /** Gives everything up. A static member stays, for its successor; any other leaves the group. @throws what the listener throws */
  async close(): Promise<void> {
    this.closed = true
    for (const stop of this.stops) stop()
    const { state } = this
    if (state.kind === 'fenced') await this.lose(this.host.assigned.places, state.error)
    else if (state.kind === 'in' && !this.isMember()) await this.lose(this.host.assigned.places, null)
    else await this.revoke(this.host.assigned.places)
    this.state = { kind: 'out' }
    await this.member.leave()
    if (this.failure !== null) throw this.failure.error
  }

  private isMember(): boolean {
    try {
      this.member.beat()
      return true
    } catch (error) {
      return error instanceof MillraceError && error.code === 'REBALANCE_IN_PROGRESS'
    }
  }
}
