import { MillraceError } from '../../base/errors.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import { allOfTopic } from '../authorized-operations.ts'
import { partitionOf, type ShownTopic } from '../cluster-view.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { noTopicId } from '../topic-ids.ts'

type Cursor = RequestOf<'describeTopicPartitions'>['cursor']
type TopicAnswer = NonNullable<ResponseDraft<'describeTopicPartitions'>['topics']>[number]

/** Partitions in one answer (max.request.partition.size.limit). */
const mostPartitions = 2000

/** Topics by name, from the cursor on, until the page is full; the answer then says where the next page begins (KIP-966). */
export const answerDescribeTopicPartitions: Handler<'describeTopicPartitions'> = async (request, context) => {
  const { cursor } = request
  const names = (await namesOf(request, context)).filter((name) => cursor === null || name >= cursor.topicName)
  const found = await context.broker.topics.describe(names)
  const topics: TopicAnswer[] = []
  let left = Math.min(Math.max(request.responsePartitionLimit, 1), mostPartitions)
  for (const [index, name] of names.entries()) {
    const topic = found[index]
    const from = startOf(cursor, name)
    if (left === 0) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: from } }
    if (topic === undefined) {
      topics.push(unknown(name, context))
      continue
    }
    const to = Math.min(topic.partitions, from + left)
    topics.push(pageOf(topic, from, to, context))
    left -= Math.max(to - from, 0)
    if (to < topic.partitions) return { throttleTimeMs: 0, topics, nextCursor: { topicName: name, partitionIndex: to } }
  }
  return { throttleTimeMs: 0, topics, nextCursor: null }
}

/** None asks for all. */
async function namesOf({ topics }: RequestOf<'describeTopicPartitions'>, { broker }: RequestContext): Promise<string[]> {
  if (topics.length === 0) return (await broker.topics.list()).map(({ topic }) => topic)
  return [...new Set(topics.map(({ name }) => name))].sort()
}

function startOf(cursor: Cursor, name: string): number {
  return cursor?.topicName === name ? Math.max(cursor.partitionIndex, 0) : 0
}

function pageOf(topic: ShownTopic, from: number, to: number, context: RequestContext): TopicAnswer {
  const indexes = Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index)
  return {
    errorCode: errorCodes.NONE,
    name: topic.topic,
    topicId: topic.topicId,
    isInternal: topic.internal,
    partitions: indexes.map((partition) => ({
      ...partitionOf(topic, partition, context),
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    })),
    topicAuthorizedOperations: allOfTopic,
  }
}

function unknown(name: string, { broker }: RequestContext): TopicAnswer {
  const answer = { name, topicId: noTopicId, isInternal: false, partitions: [] }
  try {
    broker.topics.checkName(name)
    return { ...answer, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { ...answer, errorCode: wireErrorOf(error) }
  }
}
