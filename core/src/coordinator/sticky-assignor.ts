import type { PartitionCounts } from '../base/group-assignor.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import { inOrder, subscribedTopics, type AssignedMember, type Assignor, type MemberPartitions } from './assignor.ts'
import { improve, type Share } from './improve-shares.ts'

/**
 * Balanced first, then as few moves as that allows (KIP-54), in the eager and in the cooperative form (KIP-429).
 *
 * Invariants
 *   A1  Balanced: no other assignment has a smaller sum of the squares of what members have. So who has two partitions less than another
 *       could not take any of the other's, nor one from somebody who could.
 *   A2  No assignment as balanced moves fewer partitions.
 *   A3  Of two members that claim a partition the one with the newer generation has it; of equal ones neither, since one of
 *       them is wrong.
 *   A4  Cooperative: a partition that somebody else still holds is given to nobody in this generation. Its holder sees that it
 *       lost it, gives it up and joins again; the next generation gives it away.
 */
export const stickyAssignor: Assignor = { name: 'sticky', cooperative: false, assign: assignSticky }

export const cooperativeStickyAssignor: Assignor = {
  name: 'cooperative-sticky',
  cooperative: true,
  assign: (members, partitions) => withoutHeld(members, assignSticky(members, partitions)),
}

function assignSticky(members: readonly AssignedMember[], partitions: PartitionCounts): MemberPartitions {
  const shares = inOrder(members).map((member): Share => ({ member, topics: new Set(member.topics), partitions: new Map() }))
  const owners = claims(members)
  const free: TopicPartition[] = []
  for (const topic of subscribedTopics(members, partitions)) {
    for (let partition = 0; partition < partitions.get(topic)!; partition++) {
      const place = { topic, partition }
      const name = partitionName(place)
      const owner = shares.find(({ member }) => member.memberId === owners.get(name))
      if (owner?.topics.has(topic) === true) owner.partitions.set(name, place)
      else free.push(place)
    }
  }
  for (const place of fewestChoicesFirst(free, shares))
    leastLoaded(shares, place.topic).partitions.set(partitionName(place), place)
  while (moveOne(shares, owners)) {
    // Each move lowers the sum of the squares of the loads. It is quick, and where all subscribe to the same it is all that there is to do.
  }
  improve(shares, owners, free.length + owners.size)
  return new Map(shares.map(({ member, partitions: own }) => [member.memberId, [...own.values()]]))
}

/** Who had what, by the name of the partition. */
function claims(members: readonly AssignedMember[]): ReadonlyMap<string, string> {
  const newest = new Map<string, { readonly generation: number; readonly memberId: string | null }>()
  for (const { memberId, owned, generation } of members) {
    for (const place of owned) {
      const name = partitionName(place)
      const other = newest.get(name)
      if (other !== undefined && other.memberId === memberId) continue
      if (other === undefined || generation > other.generation) newest.set(name, { generation, memberId })
      else if (generation === other.generation) newest.set(name, { generation, memberId: null })
    }
  }
  const owners = new Map<string, string>()
  for (const [name, { memberId }] of newest) if (memberId !== null) owners.set(name, memberId)
  return owners
}

function fewestChoicesFirst(places: readonly TopicPartition[], shares: readonly Share[]): readonly TopicPartition[] {
  const choices = new Map<string, number>()
  for (const { topics } of shares) for (const topic of topics) choices.set(topic, (choices.get(topic) ?? 0) + 1)
  return places.toSorted((a, b) => choices.get(a.topic)! - choices.get(b.topic)!)
}

function leastLoaded(shares: readonly Share[], topic: string): Share {
  let least: Share | undefined
  for (const share of shares) {
    if (share.topics.has(topic) && (least === undefined || share.partitions.size < least.partitions.size)) least = share
  }
  return least!
}

/** Moves one partition from the fullest to the emptiest that may have it; false when all is balanced. */
function moveOne(shares: readonly Share[], owners: ReadonlyMap<string, string>): boolean {
  const byLoad = shares.toSorted((a, b) => a.partitions.size - b.partitions.size)
  for (const to of byLoad) {
    for (const from of byLoad.toReversed()) {
      if (from.partitions.size - to.partitions.size < 2) break
      const name = toGive(from, to, owners)
      if (name === null) continue
      to.partitions.set(name, from.partitions.get(name)!)
      from.partitions.delete(name)
      return true
    }
  }
  return false
}

/** Best what goes home, then what the giver did not have before, then the last of its own. */
function toGive(from: Share, to: Share, owners: ReadonlyMap<string, string>): string | null {
  let best: string | null = null
  let bestRank = -1
  for (const [name, { topic }] of from.partitions) {
    if (!to.topics.has(topic)) continue
    const owner = owners.get(name)
    const rank = owner === to.member.memberId ? 2 : owner === from.member.memberId ? 0 : 1
    if (rank > bestRank || (rank === bestRank && rank === 0)) {
      best = name
      bestRank = rank
    }
  }
  return best
}

/** Without what another member still holds (A4). */
export function withoutHeld(members: readonly AssignedMember[], assigned: MemberPartitions): MemberPartitions {
  const holders = new Map<string, Set<string>>()
  for (const { memberId, owned } of members) {
    for (const place of owned) {
      const name = partitionName(place)
      const held = holders.get(name)
      if (held === undefined) holders.set(name, new Set([memberId]))
      else held.add(memberId)
    }
  }
  const isFree = (place: TopicPartition, memberId: string): boolean => {
    const held = holders.get(partitionName(place))
    return held === undefined || held.has(memberId)
  }
  return new Map([...assigned].map(([memberId, places]) => [memberId, places.filter((place) => isFree(place, memberId))]))
}
