import type { TopicPartition } from '../base/ids.ts'
import { inOrder, subscribedTopics, type Assignor } from './assignor.ts'

/** All partitions of all topics in order, dealt to the members in turn; who does not subscribe to the topic is passed over. */
export const roundRobinAssignor: Assignor = {
  name: 'roundrobin',
  cooperative: false,
  assign: (members, partitions) => {
    const ordered = inOrder(members)
    const assigned = new Map<string, TopicPartition[]>(ordered.map(({ memberId }) => [memberId, []]))
    let turn = 0
    for (const topic of subscribedTopics(members, partitions)) {
      for (let partition = 0; partition < partitions.get(topic)!; partition++) {
        while (!ordered[turn % ordered.length]!.topics.includes(topic)) turn++
        assigned.get(ordered[turn++ % ordered.length]!.memberId)!.push({ topic, partition })
      }
    }
    return assigned
  },
}
