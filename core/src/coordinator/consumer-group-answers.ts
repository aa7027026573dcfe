import type { ConsumerMember } from './consumer-group-state.ts'
import type { OffsetRecord } from './group-offsets.ts'
import type { PartitionSets } from './partition-sets.ts'

/** What is asked of a group of the new consumer protocol (KIP-848), and what it says. */

/** What a member sends again and again. Null says: as it was told before. */
export interface ConsumerHeartbeat {
  readonly group: string
  readonly memberId: string
  /** 0: it joins. See `leaving` and `leavingForAWhile`. */
  readonly epoch: number
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  /** -1: as before. */
  readonly rebalanceTimeoutMs: number
  readonly topics: readonly string[] | null
  readonly regex: string | null
  /** Which topics the regular expression may match. Default: all. */
  readonly sees?: ((topic: string) => boolean) | undefined
  readonly assignor: string | null
  /** What it holds. */
  readonly owned: PartitionSets | null
}

/** The epoch of a member that leaves. */
export const leaving = -1
/** The epoch of a static member that leaves and comes back under its instance id: its partitions are kept for it. */
export const leavingForAWhile = -2

export interface ConsumerHeartbeatAnswer {
  readonly memberId: string
  readonly epoch: number
  readonly heartbeatIntervalMs: number
  /** What it is to hold from now on; null: as it was told before. */
  readonly assignment: PartitionSets | null
}

export interface ConsumerHeartbeatStep {
  readonly records: OffsetRecord[]
  readonly answer: ConsumerHeartbeatAnswer
}

export interface ConsumerGroupSettings {
  /** Without a word for so long, a member is expelled (group.consumer.session.timeout.ms). */
  readonly sessionTimeoutMs: number
  /** How often members are to send heartbeats (group.consumer.heartbeat.interval.ms). */
  readonly heartbeatIntervalMs: number
  /** The most members of a group (group.consumer.max.size). */
  readonly maxSize: number
}

export type ConsumerGroupPhase = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

export interface ConsumerGroupDescription {
  readonly group: string
  readonly state: ConsumerGroupPhase
  readonly epoch: number
  readonly targetEpoch: number
  readonly assignor: string
  readonly members: readonly DescribedConsumerMember[]
}

interface DescribedConsumerMember extends ConsumerMember {
  readonly target: PartitionSets
  /** By name and by its regular expression. */
  readonly allTopics: readonly string[]
}
