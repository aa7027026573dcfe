import type { TopicPartition } from './ids.ts'

/**
 * How one shares out the partitions of a group by oneself (Kafka's ConsumerPartitionAssignor). Every member brings one of the same
 * name; the member that leads runs `assign`, the others hear what came of it.
 */
export interface GroupAssignor {
  /** Of the protocol: members agree on one that all of them have. */
  readonly name: string
  /** Eager members give up everything before they join; cooperative ones keep it, and lose only what moves (KIP-429). */
  readonly cooperative: boolean
  /** What the member tells the leader, at each join; null: nothing. */
  userData(own: OwnPartitions): Uint8Array | null
  /**
   * By member id; a member that is left out gets nothing. What another member still holds is taken out of the answer of a cooperative
   * assignor: it is given in the next generation, when its holder has let go of it.
   */
  assign(members: readonly SubscribedMember[], partitions: PartitionCounts): ReadonlyMap<string, MemberAssignment>
  /** What the member was assigned, before its listener hears of the partitions. */
  onAssignment?(assignment: MemberAssignment, generation: number): void
}

/** What a member had when it joins. */
export interface OwnPartitions {
  /** It was assigned these last, and may have given them up since. */
  readonly partitions: readonly TopicPartition[]
  /** -1: none. */
  readonly generation: number
}

/** A member as its leader sees it. */
export interface SubscribedMember {
  readonly memberId: string
  /** Of a static member; else null. */
  readonly instanceId: string | null
  readonly topics: readonly string[]
  /** What it holds, and in which generation it got it; -1 unknown. */
  readonly owned: readonly TopicPartition[]
  readonly generation: number
  readonly userData: Uint8Array | null
}

export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[]
  /** For `onAssignment` of the member. */
  readonly userData: Uint8Array | null
}

/** Of the topics that exist. */
export type PartitionCounts = ReadonlyMap<string, number>
