import type { TopicPartition } from '../base/ids.ts'
import type { AssignedMember } from './assignor.ts'
import type { ConsumerGroupState } from './consumer-group-state.ts'
import { setsOf, type PartitionSets } from './partition-sets.ts'
import { defaultServerAssignor, serverAssignors } from './server-assignors.ts'
import type { TopicsView } from './topics-view.ts'

/** The assignor that most members wish for; of equal ones the first by name. */
export function assignorOf(state: ConsumerGroupState): string {
  const votes = new Map<string, number>()
  for (const { assignor } of state.members.values()) {
    if (assignor !== null && serverAssignors.has(assignor)) votes.set(assignor, (votes.get(assignor) ?? 0) + 1)
  }
  const [best] = [...votes].toSorted(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))
  return best?.[0] ?? defaultServerAssignor
}

/** Who is to have what, by member id: of the topics that there are, and with as little change as the assignor can. */
export function targetAssignment(state: ConsumerGroupState, topics: TopicsView): ReadonlyMap<string, PartitionSets> {
  const members = Array.from(state.members.values(), (member): AssignedMember => {
    const { id: memberId, instanceId } = member
    return { memberId, instanceId, topics: state.topicsOf(member), owned: named(state.targetOf(memberId), topics), generation: 0 }
  })
  const names = new Set(members.flatMap((member) => member.topics))
  const counts = new Map([...names].flatMap((name) => countOf(name, topics)))
  const assigned = serverAssignors.get(assignorOf(state))!(members, counts)
  return new Map(Array.from(assigned, ([memberId, places]) => [memberId, withIds(places, topics)]))
}

function countOf(name: string, topics: TopicsView): readonly (readonly [string, number])[] {
  const topic = topics.find(name)
  return topic === undefined ? [] : [[name, topic.partitions]]
}

/** By name; what belongs to a topic that is gone is left out. */
export function named(sets: PartitionSets, topics: TopicsView): readonly TopicPartition[] {
  return [...sets].flatMap(([topicId, partitions]) => {
    const topic = topics.nameOf(topicId)
    return topic === undefined ? [] : Array.from(partitions, (partition) => ({ topic, partition }))
  })
}

function withIds(places: readonly TopicPartition[], topics: TopicsView): PartitionSets {
  return setsOf(places.map(({ topic, partition }) => ({ topicId: topics.find(topic)!.topicId, partition })))
}
