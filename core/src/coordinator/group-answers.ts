import type { MillraceError } from '../base/errors.ts'
import type { OffsetRecord } from './group-offsets.ts'

/** What is asked of a group, and what it says. */

/** When a command runs: `now` on the monotonic clock for deadlines, `timestamp` on the wall clock for records. */
export interface Instant {
  readonly now: number
  readonly timestamp: number
}

export interface GroupProtocol {
  /** The name of an assignor. */
  readonly name: string
  /** The subscription, in the bytes of that protocol. */
  readonly metadata: Uint8Array
}

export interface JoinRequest {
  /** Names this call in the reply that it gets, maybe later. */
  readonly call: number
  readonly group: string
  /** Empty for a member that has no id yet. */
  readonly memberId: string
  /** The id that a new member gets: unique for ever. */
  readonly freshMemberId: string
  /** A new dynamic member is sent away once with its id (KIP-394), so that a client that retries leaves no ghosts. */
  readonly requireKnownMember: boolean
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly GroupProtocol[]
}

/** Who speaks. Generation -1 and an empty member id: somebody outside the group. */
export interface MemberRef {
  readonly memberId: string
  readonly instanceId: string | null
  readonly generation: number
}

export interface SyncRequest extends MemberRef {
  readonly call: number
  readonly group: string
  /** What the member believes that the group has agreed on; absent, it does not say (before KIP-559). */
  readonly protocolType?: string
  readonly protocol?: string
  /** Of the leader; others give none. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]
}

export interface JoinAnswer {
  readonly memberId: string
  readonly generation: number
  readonly protocolType: string
  readonly protocol: string
  readonly leader: string
  /** A static member that came back to a stable group: where it leads, it has nothing to assign (KIP-345, KIP-814). */
  readonly skipsAssignment: boolean
  /** The leader gets all members, others none. */
  readonly members: readonly JoinedMember[]
}

export interface JoinedMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly subscription: Uint8Array
}

export interface SyncAnswer {
  readonly protocolType: string
  readonly protocol: string
  readonly assignment: Uint8Array
}

export type GroupReply =
  | { readonly kind: 'joined'; readonly call: number; readonly answer: JoinAnswer }
  /** The caller joins again, with this id. */
  | { readonly kind: 'memberIdRequired'; readonly call: number; readonly memberId: string }
  | { readonly kind: 'synced'; readonly call: number; readonly answer: SyncAnswer }
  | { readonly kind: 'refused'; readonly call: number; readonly error: MillraceError }

/** What a command decided: its records are replayed in the same turn, its replies leave when they are durable. */
export interface GroupStep {
  readonly records: OffsetRecord[]
  readonly replies: GroupReply[]
}

/** Of a group whose members assign. */
export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

/** Of any group: the coordinator assigns, or waits for members to come to what it has assigned (KIP-848). */
type GroupState = ClassicGroupState | 'Assigning' | 'Reconciling'

/** Which protocol the members speak: that of JoinGroup, or that of KIP-848. */
type GroupType = 'classic' | 'consumer'

export interface GroupDescription {
  readonly group: string
  readonly type: GroupType
  readonly state: GroupState
  readonly protocolType: string
  readonly protocol: string | null
  readonly generation: number
  readonly leader: string | null
  readonly members: readonly MemberDescription[]
}

interface MemberDescription {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly subscription: Uint8Array
  readonly assignment: Uint8Array
}
