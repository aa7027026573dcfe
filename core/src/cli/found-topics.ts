import { coreError } from '../base/error-catalogue.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { Admin, TopicDescription } from '../client/admin.ts'

/** @throws UNKNOWN_TOPIC */
export async function foundTopics(admin: Admin, topics: readonly string[]): Promise<readonly TopicDescription[]> {
  const found = await admin.describeTopics(topics)
  return found.map((description, at) => {
    if (description !== null) return description
    throw coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where: topics[at]! })
  })
}

export function partitionsOf({ topic, partitions }: TopicDescription): TopicPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
}
