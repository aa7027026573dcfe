import { MillraceError } from '../base/errors.ts'
import type { TopicPartition } from '../base/ids.ts'
import { consumerProtocolType, readAssignment } from '../coordinator/consumer-protocol.ts'
import type { GroupDescription } from '../coordinator/group-answers.ts'

/** A group with what its members read, where it is a group of consumers. */
export interface GroupDetails extends Omit<GroupDescription, 'members'> {
  readonly members: readonly (GroupDescription['members'][number] & { readonly partitions: readonly TopicPartition[] })[]
}

export function detailsOf(description: GroupDescription): GroupDetails {
  const { protocolType, members } = description
  const read = (assignment: Uint8Array): readonly TopicPartition[] =>
    protocolType === consumerProtocolType ? assignedPartitions(assignment) : []
  return { ...description, members: members.map((member) => ({ ...member, partitions: read(member.assignment) })) }
}

/** A leader from outside may give what nobody else can read. */
export function assignedPartitions(assignment: Uint8Array): readonly TopicPartition[] {
  try {
    return readAssignment(assignment).partitions
  } catch (error) {
    if (error instanceof MillraceError) return []
    throw error
  }
}
