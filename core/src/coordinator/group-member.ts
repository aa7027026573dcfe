import type { PersistedMember } from './group-metadata.ts'
import type { GroupProtocol, JoinRequest } from './group-answers.ts'

/** A member of a group: what its record says, and what only this process knows. */
export interface Member {
  readonly id: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Uint8Array
  /** The call that waits for the rebalance to begin, and for its end. */
  joining: number | null
  syncing: number | null
  /** It has the assignment of this generation, or is as the log had it. */
  synced: boolean
  /** On the monotonic clock: silent until then, it is expelled. Null until the clock is known. */
  deadline: number | null
}

const noBytes = new Uint8Array(0)

export function newMember(id: string, request: JoinRequest): Member {
  const { instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
  const told = { id, instanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols }
  return { ...told, assignment: noBytes, joining: null, syncing: null, synced: false, deadline: null }
}

/** A member as the log has it: its session begins anew. */
export function loadedMember(persisted: PersistedMember, protocol: string): Member {
  const { subscription, ...told } = persisted
  const protocols = [{ name: protocol, metadata: subscription }]
  return { ...told, protocols, joining: null, syncing: null, synced: true, deadline: null }
}

export function persistedMember(member: Member, protocol: string, assignment: Uint8Array): PersistedMember {
  const { id, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs } = member
  const subscription = subscriptionOf(member, protocol)
  return { id, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, subscription, assignment }
}

export function subscriptionOf(member: Member, protocol: string): Uint8Array {
  return member.protocols.find(({ name }) => name === protocol)?.metadata ?? noBytes
}

export function sameProtocols(a: readonly GroupProtocol[], b: readonly GroupProtocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, index) => name === b[index]!.name && Buffer.compare(metadata, b[index]!.metadata) === 0)
  )
}

/**
 * The assignor that all can use and that most put first among those; of equal ones the one that the first member prefers.
 * Null when they have none in common.
 */
export function selectProtocol(members: readonly Member[]): string | null {
  const common = commonProtocols(members)
  const votes = new Map(common.map((name) => [name, 0]))
  for (const { protocols } of members) {
    const vote = protocols.find(({ name }) => votes.has(name))
    if (vote !== undefined) votes.set(vote.name, votes.get(vote.name)! + 1)
  }
  let best: string | null = null
  for (const [name, count] of votes) if (best === null || count > votes.get(best)!) best = name
  return best
}

/** In the order of the first member. */
export function commonProtocols(members: readonly Member[]): readonly string[] {
  const [first, ...others] = members
  const names = first?.protocols.map(({ name }) => name) ?? []
  return names.filter((wanted) => others.every(({ protocols }) => protocols.some(({ name }) => name === wanted)))
}
