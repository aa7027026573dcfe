import type { TopicPartition } from '../base/ids.ts'
import { inOrder, subscribedTopics, type Assignor } from './assignor.ts'

/**
 * Each topic for itself: the members in order get consecutive partitions, the first ones one more. Partitions with equal numbers
 * of topics of equal size come to the same member, which joins want.
 */
export const rangeAssignor: Assignor = {
  name: 'range',
  cooperative: false,
  assign: (members, partitions) => {
    const ordered = inOrder(members)
    const assigned = new Map<string, TopicPartition[]>(ordered.map(({ memberId }) => [memberId, []]))
    for (const topic of subscribedTopics(members, partitions)) {
      const subscribers = ordered.filter(({ topics }) => topics.includes(topic))
      const count = partitions.get(topic)!
      const share = Math.floor(count / subscribers.length)
      const larger = count % subscribers.length
      let next = 0
      for (const [index, { memberId }] of subscribers.entries()) {
        const end = next + share + (index < larger ? 1 : 0)
        while (next < end) assigned.get(memberId)!.push({ topic, partition: next++ })
      }
    }
    return assigned
  },
}
