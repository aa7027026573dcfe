import type { GroupAssignor, SubscribedMember } from '../base/group-assignor.ts'
import { MillraceError } from '../base/errors.ts'
import type { TopicPartition } from '../base/ids.ts'
import { readSubscription, writeAssignment, writeSubscription } from '../coordinator/consumer-protocol.ts'
import type { JoinAnswer, JoinedMember, SyncRequest } from '../coordinator/group-answers.ts'
import { assignWith } from '../coordinator/group-assignor.ts'

export interface OwnSubscription {
  readonly topics: readonly string[]
  /** What it holds while it joins: an eager member holds nothing. */
  readonly owned: readonly TopicPartition[]
  /** What it was assigned last, and in which generation. */
  readonly last: readonly TopicPartition[]
  readonly generation: number
}

export function subscriptionBytes(assignor: GroupAssignor, { topics, owned, last, generation }: OwnSubscription): Uint8Array {
  const userData = assignor.userData({ partitions: last, generation })
  return writeSubscription({ topics, userData, owned, generation, rackId: null })
}

export interface LeaderPlan {
  readonly assignments: SyncRequest['assignments']
  /** Of all topics that the group subscribes to; 0 for those that are not there. */
  readonly counts: ReadonlyMap<string, number>
}

/** What a leader does: reads what all want, and shares the partitions out. */
export function assignAsLeader(
  assignor: GroupAssignor,
  answer: JoinAnswer,
  countOf: (topic: string) => number | undefined,
): LeaderPlan {
  const members = answer.members.map(readMember)
  const counts = new Map(members.flatMap(({ topics }) => topics).map((topic) => [topic, countOf(topic) ?? 0]))
  const existing = new Map([...counts].filter(([, count]) => count > 0))
  const assigned = assignWith(assignor, members, existing)
  const assignments = Array.from(assigned, ([memberId, own]) => ({ memberId, assignment: writeAssignment(own) }))
  return { assignments, counts }
}

/** A member from outside whose subscription cannot be read has none: it gets nothing, and the others go on. */
function readMember({ memberId, instanceId, subscription }: JoinedMember): SubscribedMember {
  try {
    const { topics, owned, generation, userData } = readSubscription(subscription)
    return { memberId, instanceId, topics, owned, generation, userData }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { memberId, instanceId, topics: [], owned: [], generation: -1, userData: null }
  }
}
