import type { ConsumerMemberState, MemberPlace } from './consumer-group-records.ts'
import {
  difference,
  filterSets,
  has,
  intersection,
  placesIn,
  union,
  type PartitionSets,
  type PlaceById,
} from './partition-sets.ts'

/**
 * How a member gets from what it has to what it is to have (KIP-848). It gives up first, and only what everybody else has given up is
 * given to it: so no partition has two owners at any time.
 *
 *   state        at a heartbeat                                              becomes
 *   stable       the target is that of its epoch                             stable, as it is
 *   stable       there is a newer target                                     as `next` says
 *   unrevoked    it has not said that it gave up what it was to              unrevoked, as it is
 *   unrevoked    it has                                                      as `next` says
 *   unreleased   always                                                      as `next` says
 *
 * `next`: what is held and not in the target is to be given up: unrevoked, in the old epoch. Where there is nothing to give up the
 * member comes into the epoch of the target and gets what is free: unreleased while something is not, stable when it has all.
 */
export interface Reconciling {
  readonly target: PartitionSets
  readonly targetEpoch: number
  /** What the member says that it holds; null: it does not say. */
  readonly owned: PartitionSets | null
  /** Whether anybody else holds it, or has yet to give it up. */
  readonly isHeld: (place: PlaceById) => boolean
}

const steps: Readonly<Record<ConsumerMemberState, (member: MemberPlace, to: Reconciling) => MemberPlace>> = {
  stable: (member, to) => (member.epoch === to.targetEpoch ? member : next(member, to)),
  unrevoked: (member, to) => (holdsAny(member.revoking, to.owned) ? member : next(member, to)),
  unreleased: next,
}

export function reconcile(member: MemberPlace, to: Reconciling): MemberPlace {
  return steps[member.state](member, to)
}

/** Who does not say what it holds may hold it. */
function holdsAny(partitions: PartitionSets, owned: PartitionSets | null): boolean {
  return owned === null || placesIn(partitions).some((place) => has(owned, place))
}

function next(member: MemberPlace, { target, targetEpoch, owned, isHeld }: Reconciling): MemberPlace {
  const kept = intersection(member.assigned, target)
  const revoking = difference(member.assigned, target)
  if (revoking.size > 0 && holdsAny(revoking, owned)) return { ...member, state: 'unrevoked', assigned: kept, revoking }
  const wanted = difference(target, kept)
  const free = filterSets(wanted, (place) => !isHeld(place))
  const isComplete = difference(wanted, free).size === 0
  return {
    epoch: targetEpoch,
    previousEpoch: member.epoch === targetEpoch ? member.previousEpoch : member.epoch,
    state: isComplete ? 'stable' : 'unreleased',
    assigned: union(kept, free),
    revoking: new Map(),
  }
}
