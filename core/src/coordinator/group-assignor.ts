import type { GroupAssignor, MemberAssignment, PartitionCounts, SubscribedMember } from '../base/group-assignor.ts'
import { MillraceError } from '../base/errors.ts'
import type { AssignedMember, Assignor, AssignorName } from './assignor.ts'
import { assignors } from './assignors.ts'
import { readStickyUserData, writeStickyUserData } from './consumer-protocol.ts'
import { withoutHeld } from './sticky-assignor.ts'

/** One of Kafka's assignors by its name, or one that somebody brings. */
export function groupAssignor(given: AssignorName | GroupAssignor): GroupAssignor {
  return typeof given === 'string' ? builtIns[given] : given
}

/** What the leader gives: a cooperative member gets nothing that another one still holds (KIP-429). */
export function assignWith(
  assignor: GroupAssignor,
  members: readonly SubscribedMember[],
  partitions: PartitionCounts,
): ReadonlyMap<string, MemberAssignment> {
  const assigned = assignor.assign(members, partitions)
  if (!assignor.cooperative) return assigned
  const free = withoutHeld(members, new Map(Array.from(assigned, ([memberId, one]) => [memberId, one.partitions])))
  return new Map(Array.from(assigned, ([memberId, { userData }]) => [memberId, { partitions: free.get(memberId)!, userData }]))
}

const builtIns: Readonly<Record<AssignorName, GroupAssignor>> = {
  range: builtIn(assignors.range),
  roundrobin: builtIn(assignors.roundrobin),
  sticky: {
    ...builtIn(assignors.sticky),
    // Kafka's eager sticky assignor keeps what a member had in user data; the cooperative one in fields of their own.
    userData: ({ partitions, generation }) => writeStickyUserData(partitions, generation),
    assign: (members, partitions) => assignedBy(assignors.sticky, members.map(withStickyData), partitions),
  },
  'cooperative-sticky': builtIn(assignors['cooperative-sticky']),
}

function builtIn(assignor: Assignor): GroupAssignor {
  const { name, cooperative } = assignor
  return { name, cooperative, userData: () => null, assign: (members, partitions) => assignedBy(assignor, members, partitions) }
}

function assignedBy(
  assignor: Assignor,
  members: readonly AssignedMember[],
  counts: PartitionCounts,
): ReadonlyMap<string, MemberAssignment> {
  const assigned = assignor.assign(members, counts)
  return new Map(Array.from(assigned, ([memberId, partitions]) => [memberId, { partitions, userData: null }]))
}

/** What another client wrote there, and we cannot read, says nothing of what the member had. */
function withStickyData(member: SubscribedMember): SubscribedMember {
  const { userData } = member
  if (userData === null || userData.length === 0) return member
  try {
    return { ...member, ...readStickyUserData(userData) }
  } catch (error) {
    if (error instanceof MillraceError) return member
    throw error
  }
}
