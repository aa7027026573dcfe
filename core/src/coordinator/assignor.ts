import type { PartitionCounts } from '../base/group-assignor.ts'
import type { TopicPartition } from '../base/ids.ts'

/**
 * How partitions are shared out among the members of a group: pure functions, so that every member would come to the same.
 * All of them give each partition of a subscribed topic to exactly one member that subscribes to it.
 */
export interface Assignor {
  /** Kafka's name of the protocol: members of other programs that have it too can be in the same group. */
  readonly name: AssignorName
  /** Eager members give up everything before they join; cooperative ones keep it, and lose only what moves (KIP-429). */
  readonly cooperative: boolean
  readonly assign: (members: readonly AssignedMember[], partitions: PartitionCounts) => MemberPartitions
}

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

export interface AssignedMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly topics: readonly string[]
  /** What it had, in which generation; -1 unknown. Only sticky assignors look at it. */
  readonly owned: readonly TopicPartition[]
  readonly generation: number
}

/** By member id; every member has an entry. */
export type MemberPartitions = ReadonlyMap<string, readonly TopicPartition[]>

/** Static members first, by their instance, then the others by id: a restart of a static member changes nothing. */
export function inOrder(members: readonly AssignedMember[]): readonly AssignedMember[] {
  return members.toSorted((a, b) => {
    if (a.instanceId !== null && b.instanceId !== null) return compare(a.instanceId, b.instanceId)
    if (a.instanceId !== null || b.instanceId !== null) return a.instanceId !== null ? -1 : 1
    return compare(a.memberId, b.memberId)
  })
}

/** Topics that exist and have a subscriber, by name. */
export function subscribedTopics(members: readonly AssignedMember[], partitions: PartitionCounts): readonly string[] {
  const topics = new Set(members.flatMap((member) => member.topics))
  return [...topics].filter((topic) => partitions.has(topic)).toSorted(compare)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
