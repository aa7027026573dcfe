import type { ConsumerGroupChange, GroupEpoch, MemberPlace, MemberSubscription, ResolvedRegex } from './consumer-group-records.ts'
import { noPartitions, placesIn, type PartitionSets, type PlaceById } from './partition-sets.ts'

/**
 * What the records of a group say (KIP-848).
 *
 * Invariants
 *   V1  `apply` is the only way it changes, and takes records in any order: one of a member that is not known makes it known, and one
 *       that deletes what is unknown does nothing.
 *   V2  What `apply` was given is never changed afterwards, so a copy costs the maps alone.
 */
export interface ConsumerMember extends MemberSubscription, MemberPlace {
  readonly id: string
}

export class ConsumerGroupState {
  private group: GroupEpoch
  private target: number
  private readonly byId: Map<string, ConsumerMember>
  private readonly targets: Map<string, PartitionSets>
  private readonly resolved: Map<string, ResolvedRegex>
  /** Whose a partition is; made when it is first asked for, and from then on kept. */
  private holders: Map<string, string> | null
  /** It is that of the state that this one is a copy of. */
  private sharesHolders: boolean

  constructor(from?: ConsumerGroupState) {
    this.group = from?.group ?? { epoch: 0, topicsHash: 0 }
    this.target = from?.target ?? 0
    this.byId = new Map(from?.byId)
    this.targets = new Map(from?.targets)
    this.resolved = new Map(from?.resolved)
    this.holders = from?.holders ?? null
    this.sharesHolders = true
  }

  get epoch(): number {
    return this.group.epoch
  }

  get topicsHash(): number {
    return this.group.topicsHash
  }

  /** Of the target assignment. */
  get targetEpoch(): number {
    return this.target
  }

  get members(): ReadonlyMap<string, ConsumerMember> {
    return this.byId
  }

  get regexes(): ReadonlyMap<string, ResolvedRegex> {
    return this.resolved
  }

  ofInstance(instanceId: string): ConsumerMember | undefined {
    return [...this.byId.values()].find((member) => member.instanceId === instanceId)
  }

  targetOf(memberId: string): PartitionSets {
    return this.targets.get(memberId) ?? noPartitions
  }

  /** The topics that a member subscribes to by name or by its regular expression. */
  topicsOf({ topics, regex }: MemberSubscription): readonly string[] {
    const matching = regex === null ? undefined : this.resolved.get(regex)?.topics
    return matching === undefined || matching.length === 0 ? topics : [...new Set([...topics, ...matching])].toSorted()
  }

  /** Who holds a partition, or has to give it up yet; undefined: it is free. */
  holderOf(place: PlaceById): string | undefined {
    if (this.holders === null) {
      this.holders = new Map([...this.byId.values()].flatMap(heldBy))
      this.sharesHolders = false
    }
    return this.holders.get(keyOf(place))
  }

  apply(change: ConsumerGroupChange): void {
    switch (change.kind) {
      case 'group':
        this.group = change.value ?? { epoch: 0, topicsHash: 0 }
        return
      case 'targetEpoch':
        this.target = change.value ?? 0
        return
      case 'target':
        if (change.value === null) this.targets.delete(change.memberId)
        else this.targets.set(change.memberId, change.value)
        return
      case 'regex':
        if (change.value === null) this.resolved.delete(change.regex)
        else this.resolved.set(change.regex, change.value)
        return
      case 'member':
        if (change.value === null) this.remove(change.memberId)
        else this.change(change.memberId, change.value)
        return
      case 'current':
        if (change.value !== null) this.change(change.memberId, change.value)
        else if (this.byId.has(change.memberId)) this.change(change.memberId, nowhere)
    }
  }

  private change(id: string, change: MemberSubscription | MemberPlace): void {
    const before = this.byId.get(id) ?? { ...silent, ...nowhere, id }
    const after = { ...before, ...change }
    this.byId.set(id, after)
    if ('assigned' in change) this.move(before, after)
  }

  private remove(id: string): void {
    const before = this.byId.get(id)
    this.byId.delete(id)
    if (before !== undefined) this.move(before, { ...before, ...nowhere })
  }

  private move(before: ConsumerMember, after: ConsumerMember): void {
    if (this.sharesHolders) this.holders = null
    if (this.holders === null) return
    for (const [place, id] of heldBy(before)) if (this.holders.get(place) === id) this.holders.delete(place)
    for (const [place, id] of heldBy(after)) this.holders.set(place, id)
  }
}

function heldBy({ id, assigned, revoking }: ConsumerMember): readonly (readonly [string, string])[] {
  return [...placesIn(assigned), ...placesIn(revoking)].map((held) => [keyOf(held), id])
}

function keyOf({ topicId, partition }: PlaceById): string {
  return `${topicId}-${partition}`
}

/** Where a member begins. */
export const nowhere: MemberPlace = Object.freeze({
  epoch: 0,
  previousEpoch: 0,
  state: 'stable',
  assigned: noPartitions,
  revoking: noPartitions,
})

/** A member that has not told anything of itself. */
export const silent: MemberSubscription = Object.freeze({
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  topics: [],
  regex: null,
  rebalanceTimeoutMs: -1,
  assignor: null,
})
