import type { TopicPartition } from '../base/ids.ts'
import type { AssignedMember, AssignorName } from '../coordinator/assignor.ts'
import { assignors } from '../coordinator/assignors.ts'
import {
  readStickyUserData,
  readSubscription,
  writeAssignment,
  writeStickyUserData,
  writeSubscription,
} from '../coordinator/consumer-protocol.ts'
import type { JoinAnswer, JoinedMember, SyncRequest } from '../coordinator/group-answers.ts'

export interface OwnSubscription {
  readonly topics: readonly string[]
  /** What it holds while it joins: an eager member holds nothing. */
  readonly owned: readonly TopicPartition[]
  /** What it was assigned last, and in which generation. */
  readonly last: readonly TopicPartition[]
  readonly generation: number
}

/** Kafka's eager sticky assignor keeps what a member had in user data; the cooperative one in fields of their own. */
export function subscriptionBytes(assignor: AssignorName, { topics, owned, last, generation }: OwnSubscription): Uint8Array {
  const userData = assignor === 'sticky' ? writeStickyUserData(last, generation) : null
  return writeSubscription({ topics, userData, owned, generation, rackId: null })
}

export interface LeaderPlan {
  readonly assignments: SyncRequest['assignments']
  /** Of all topics that the group subscribes to; 0 for those that are not there. */
  readonly counts: ReadonlyMap<string, number>
}

/** What a leader does: reads what all want, and shares the partitions out. */
export function assignAsLeader(answer: JoinAnswer, countOf: (topic: string) => number | undefined): LeaderPlan {
  const assignor = assignors[answer.protocol as AssignorName]
  const members = answer.members.map((member) => readMember(assignor.name, member))
  const counts = new Map(members.flatMap(({ topics }) => topics).map((topic) => [topic, countOf(topic) ?? 0]))
  const existing = new Map([...counts].filter(([, count]) => count > 0))
  const assigned = assignor.assign(members, existing)
  const assignments = [...assigned].map(([memberId, partitions]) => ({
    memberId,
    assignment: writeAssignment({ partitions, userData: null }),
  }))
  return { assignments, counts }
}

function readMember(assignor: AssignorName, { memberId, instanceId, subscription }: JoinedMember): AssignedMember {
  const { topics, owned, generation, userData } = readSubscription(subscription)
  const sticky = assignor === 'sticky' && userData !== null && userData.length > 0 ? readStickyUserData(userData) : null
  return { memberId, instanceId, topics, owned: sticky?.owned ?? owned, generation: sticky?.generation ?? generation }
}
