import type { TopicMetadata } from '../coordinator/metadata.ts'
import type { TopicConfig } from '../coordinator/topic-config.ts'

const config: TopicConfig = Object.freeze({ 'cleanup.policy': 'compact', 'segment.bytes': String(4 << 20) })

/** The log's own topics: they are there from the start, so that an empty directory needs no record of them. */
export const metadataTopic: TopicMetadata = internal('__millrace_meta', '00000000000000000000000000000001', 1)

export function offsetsTopic(partitions: number): TopicMetadata {
  return internal('__consumer_offsets', '00000000000000000000000000000002', partitions)
}

export function transactionsTopic(partitions: number): TopicMetadata {
  return internal('__transaction_state', '00000000000000000000000000000003', partitions)
}

/** Kafka's count of partitions for each coordinator topic. */
export const defaultCoordinatorPartitions = 50

function internal(topic: string, topicId: string, partitions: number): TopicMetadata {
  return Object.freeze({ topic, topicId, partitions, config, internal: true })
}
