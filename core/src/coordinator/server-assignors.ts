import type { TopicPartition } from '../base/ids.ts'
import { partitionName } from '../base/ids.ts'
import { inOrder, subscribedTopics, type AssignedMember, type MemberPartitions } from './assignor.ts'
import type { PartitionCounts } from '../base/group-assignor.ts'
import { rangeAssignor } from './range-assignor.ts'
import { stickyAssignor } from './sticky-assignor.ts'

/** How the coordinator itself shares out partitions (KIP-848). `owned` of a member is what it was to have so far. */
export type ServerAssignor = (members: readonly AssignedMember[], partitions: PartitionCounts) => MemberPartitions

/** The first is that of groups whose members wish for none. */
export const serverAssignors: ReadonlyMap<string, ServerAssignor> = new Map([
  ['uniform', assignUniformly],
  ['range', rangeAssignor.assign],
])

export const defaultServerAssignor = 'uniform'

/**
 * Everybody gets as many as the others, or one less, and keeps of its own what it can. Where members subscribe to different topics that is
 * a question for the sticky assignor; where all subscribe to the same, each partition is looked at once.
 */
function assignUniformly(members: readonly AssignedMember[], partitions: PartitionCounts): MemberPartitions {
  const topics = new Set(members[0]?.topics)
  const isSame = members.every((member) => member.topics.length === topics.size && member.topics.every((one) => topics.has(one)))
  return isSame ? shareOut(members, partitions) : stickyAssignor.assign(members, partitions)
}

function shareOut(members: readonly AssignedMember[], partitions: PartitionCounts): MemberPartitions {
  const places = subscribedTopics(members, partitions).flatMap((topic) =>
    Array.from({ length: partitions.get(topic)! }, (_, partition): TopicPartition => ({ topic, partition })),
  )
  const free = new Map(places.map((place) => [partitionName(place), place]))
  // Who had most keeps one more than the others: fewer partitions move.
  const ordered = inOrder(members).toSorted((a, b) => b.owned.length - a.owned.length)
  const least = Math.floor(places.length / members.length)
  const larger = places.length % members.length
  const quotas = new Map(ordered.map(({ memberId }, index) => [memberId, index < larger ? least + 1 : least]))
  const kept = new Map<string, TopicPartition[]>()
  for (const { memberId, owned } of ordered) {
    const own: TopicPartition[] = []
    kept.set(memberId, own)
    for (const place of owned) if (own.length < quotas.get(memberId)! && free.delete(partitionName(place))) own.push(place)
  }
  const left = free.values()
  for (const [memberId, own] of kept) while (own.length < quotas.get(memberId)!) own.push(left.next().value!)
  return kept
}
