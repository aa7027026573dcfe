import { coreError } from '../base/error-catalogue.ts'
import type { MillraceError } from '../base/errors.ts'

/** The refusals of the group protocol. */

export function unknownMember(group: string, memberId: string): MillraceError {
  return coreError('UNKNOWN_MEMBER_ID', { what: 'the group has no such member', where: group, received: memberId || 'no member' })
}

export function fencedInstance(group: string, instanceId: string, memberId: string): MillraceError {
  return coreError('FENCED_INSTANCE_ID', {
    what: `a newer instance ${instanceId} has taken the place of this one`,
    where: group,
    received: memberId,
  })
}

export function illegalGeneration(group: string, expected: number, received: number): MillraceError {
  return coreError('ILLEGAL_GENERATION', { what: 'the generation of the group is another one', where: group, expected, received })
}

export function rebalancing(group: string): MillraceError {
  return coreError('REBALANCE_IN_PROGRESS', { what: 'the group is being rebalanced', where: group })
}

export function inconsistentProtocol(group: string, expected: string, received: string): MillraceError {
  return coreError('INCONSISTENT_GROUP_PROTOCOL', {
    what: 'the members have no assignor in common',
    where: group,
    expected,
    received,
  })
}

export function groupNotFound(group: string): MillraceError {
  return coreError('GROUP_NOT_FOUND', { what: 'there is no such group', where: group })
}

export function nonEmptyGroup(group: string): MillraceError {
  return coreError('NON_EMPTY_GROUP', { what: 'the group has members', where: group })
}

// Of the new consumer protocol (KIP-848).

export function fencedEpoch(group: string, expected: number, received: number): MillraceError {
  return coreError('FENCED_MEMBER_EPOCH', { what: 'the member has another epoch', where: group, expected, received })
}

export function staleEpoch(group: string, expected: number, received: number): MillraceError {
  return coreError('STALE_MEMBER_EPOCH', { what: 'the member has another epoch', where: group, expected, received })
}

export function unreleasedInstance(group: string, instanceId: string): MillraceError {
  return coreError('UNRELEASED_INSTANCE_ID', {
    what: `another member has the instance ${instanceId}, and has not left`,
    where: group,
  })
}

export function invalidHeartbeat(group: string, what: string): MillraceError {
  return coreError('INVALID_HEARTBEAT', { what, where: group })
}

/** A group speaks one protocol as long as it has members. */
export function otherProtocol(group: string, code: 'GROUP_NOT_FOUND' | 'INCONSISTENT_GROUP_PROTOCOL'): MillraceError {
  return coreError(code, { what: 'the members of the group speak another protocol', where: group })
}
