import type { TopicPartition } from '../base/ids.ts'
import type { CommittedPosition } from './producer.ts'

/** Groups: who is in them, and where they stand. */
export interface GroupAdmin {
  /** By name. Groups that only have committed offsets are there too. */
  listGroups(): Promise<readonly GroupListing[]>
  /** In the order of the names; a group that is not there has the state `Dead`. */
  describeGroups(groups: readonly string[]): Promise<readonly GroupDetails[]>
  /** Groups and all that they have committed. @throws GROUP_NOT_FOUND, NON_EMPTY_GROUP; groups before it are gone then */
  deleteGroups(groups: readonly string[]): Promise<void>
  /** What a group has committed; partitions without a commit are left out. */
  groupOffsets(group: string): Promise<readonly CommittedPosition[]>
  /** Sets what a group without members has committed. @throws NON_EMPTY_GROUP, UNKNOWN_TOPIC, UNKNOWN_PARTITION, NUMBER_OUT_OF_RANGE */
  alterGroupOffsets(group: string, positions: readonly CommittedPosition[]): Promise<void>
  /** The same, to a place in the log. Resolves to what was committed. @throws as `alterGroupOffsets` */
  resetGroupOffsets(group: string, partitions: readonly TopicPartition[], to: ResetPlace): Promise<readonly CommittedPosition[]>
  /** @throws GROUP_NOT_FOUND; GROUP_SUBSCRIBED_TO_TOPIC while a member subscribes to one of the topics */
  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void>
  /**
   * How far the group is behind, in each partition that it has committed for. `isolation` says where the end is: read_committed
   * (default) at the last stable offset, read_uncommitted at the high watermark.
   */
  groupLag(
    group: string,
    options?: { readonly isolation?: 'read_committed' | 'read_uncommitted' },
  ): Promise<readonly PartitionLag[]>
}

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

/** `Assigning` and `Reconciling` are those of groups whose coordinator assigns (KIP-848). */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead'

export interface GroupListing {
  readonly group: string
  readonly state: GroupState
  /** `consumer`; empty for a group that only has committed offsets. */
  readonly protocolType: string
}

export interface GroupDetails extends GroupListing {
  /** The assignor in use; null while there are no members. */
  readonly assignor: string | null
  readonly generation: number
  readonly members: readonly GroupMemberDetails[]
}

export interface GroupMemberDetails {
  readonly member: string
  /** Of a static member. */
  readonly instance: string | null
  readonly clientId: string
  readonly host: string
  readonly partitions: readonly TopicPartition[]
}

/** A place in the log, the same for each partition; offsets out of range become the nearest that is in it. */
export type ResetPlace =
  | 'earliest'
  | 'latest'
  /** The first record at or after this time, milliseconds since 1970; the end when there is none. */
  | { readonly timestamp: number }
  /** The first record at or after now less this. */
  | { readonly durationMs: number }
  | { readonly offset: number }

export interface PartitionLag extends TopicPartition {
  readonly committed: number
  readonly end: number
  readonly lag: number
}
