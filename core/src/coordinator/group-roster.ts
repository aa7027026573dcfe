import type { GroupDescription, GroupProtocol, JoinedMember, JoinRequest } from './group-answers.ts'
import { fencedInstance, inconsistentProtocol, unknownMember } from './group-errors.ts'
import { commonProtocols, persistedMember, selectProtocol, subscriptionOf, type Member } from './group-member.ts'
import type { PersistedMember } from './group-metadata.ts'

/** The members of one group, in the order in which they came. */
export class GroupRoster {
  private readonly group: string
  private readonly members = new Map<string, Member>()

  constructor(group: string) {
    this.group = group
  }

  get size(): number {
    return this.members.size
  }

  get all(): readonly Member[] {
    return [...this.members.values()]
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.members.values()
  }

  add(member: Member): void {
    this.members.set(member.id, member)
  }

  remove({ id }: Member): void {
    this.members.delete(id)
  }

  get(id: string): Member | undefined {
    return this.members.get(id)
  }

  clear(): void {
    this.members.clear()
  }

  ofInstance(instanceId: string): Member | undefined {
    for (const member of this) if (member.instanceId === instanceId) return member
    return undefined
  }

  /** @throws FENCED_INSTANCE_ID, UNKNOWN_MEMBER_ID */
  known(memberId: string, instanceId: string | null): Member {
    const holder = instanceId === null ? undefined : this.ofInstance(instanceId)
    if (holder !== undefined && holder.id !== memberId) throw fencedInstance(this.group, instanceId!, memberId)
    const member = this.members.get(memberId)
    if (member !== undefined && (instanceId === null || member.instanceId === instanceId)) return member
    throw unknownMember(this.group, memberId)
  }

  /** What all but this one have in common must hold something of the request. @throws INCONSISTENT_GROUP_PROTOCOL */
  checkProtocols({ protocolType, protocols }: JoinRequest, self: Member | undefined, typeOfGroup: string): void {
    const others = this.all.filter((member) => member !== self)
    const names = protocols.map(({ name }) => name)
    const wanted = others.length === 0 ? names : commonProtocols(others)
    const sameType = others.length === 0 || protocolType === typeOfGroup
    if (protocolType !== '' && sameType && wanted.some((name) => names.includes(name))) return
    const expected = others.length === 0 ? 'a protocol type and an assignor' : `${typeOfGroup}: ${wanted.join(', ')}`
    throw inconsistentProtocol(this.group, expected, `${protocolType}: ${names.join(', ')}`)
  }

  selectProtocol(): string | null {
    return selectProtocol(this.all)
  }

  /** The longest that a member asks for. */
  get rebalanceTimeoutMs(): number {
    return Math.max(0, ...this.all.map((member) => member.rebalanceTimeoutMs))
  }

  /** What the members subscribe with, whatever they do now. */
  get protocols(): readonly GroupProtocol[] {
    return this.all.flatMap((member) => member.protocols)
  }

  joined(protocol: string): readonly JoinedMember[] {
    return this.all.map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      subscription: subscriptionOf(member, protocol),
    }))
  }

  persisted(protocol: string | null, assignmentOf: (member: Member) => Uint8Array): readonly PersistedMember[] {
    return this.all.map((member) => persistedMember(member, protocol ?? '', assignmentOf(member)))
  }

  describe(protocol: string | null): GroupDescription['members'] {
    return this.all.map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscription: subscriptionOf(member, protocol ?? member.protocols[0]?.name ?? ''),
      assignment: member.assignment,
    }))
  }
}
