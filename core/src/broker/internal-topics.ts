import type { TopicMetadata } from '../coordinator/metadata.ts'
import type { TopicConfig } from '../coordinator/topic-config.ts'

/** The log's own topics: they are there from the start, so that an empty directory needs no record of them. */
export interface InternalTopics {
  readonly metadata: TopicMetadata
  readonly offsets: TopicMetadata
  readonly transactions: TopicMetadata
}

/** Kafka's count of partitions for each coordinator topic. */
export const defaultCoordinatorPartitions = 50

export function internalTopics(coordinatorPartitions: number, segmentBytes: number): InternalTopics {
  const config: TopicConfig = Object.freeze({ 'cleanup.policy': 'compact', 'segment.bytes': String(segmentBytes) })
  const internal = (topic: string, topicId: string, partitions: number): TopicMetadata =>
    Object.freeze({ topic, topicId, partitions, config, internal: true })
  return {
    metadata: internal('__millrace_meta', '00000000000000000000000000000001', 1),
    offsets: internal('__consumer_offsets', '00000000000000000000000000000002', coordinatorPartitions),
    transactions: internal('__transaction_state', '00000000000000000000000000000003', coordinatorPartitions),
  }
}
