import { errorCodes } from '../../protocol/error-codes.ts'
import { refusedAppend, unansweredRefusal } from '../handlers/produce.ts'
import { mayWithTopic, split, type Guard } from './guard.ts'

const refusedTopic = errorCodes.TOPIC_AUTHORIZATION_FAILED

/** A transactional id is asked about whenever it is named; Kafka looks for transactional records first. */
export const guardProduce: Guard<'produce'> = async (request, context, answer) => {
  const { access, version, broker } = context
  const { acks, transactionalId, topicData } = request
  const mayTransact = transactionalId === null || access.may('write', 'transactionalId', transactionalId)
  const code = mayTransact ? refusedTopic : errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  const nameOf = ({ name, topicId }: (typeof topicData)[number]): string | undefined =>
    version >= 13 ? broker.topics.nameOf(topicId) : name
  const { allowed, refused } = mayTransact
    ? split(topicData, (topic) => mayWithTopic(access, 'write', nameOf(topic)))
    : { allowed: [], refused: topicData }
  if (refused.length === 0) return answer(request)
  const answered = await answer({ ...request, topicData: allowed })
  if (acks === 0) throw unansweredRefusal(code)
  const responses = refused.map(({ name, topicId, partitionData }) => ({
    name,
    topicId,
    partitionResponses: partitionData.map(({ index }) => refusedAppend(index, code, null)),
  }))
  return { ...answered, responses: [...(answered?.responses ?? []), ...responses] }
}

export const guardListOffsets: Guard<'listOffsets'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.topics, ({ name }) => access.may('describe', 'topic', name))
  const answered = await answer({ ...request, topics: allowed })
  const topics = refused.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: refusedTopic })),
  }))
  return { ...answered, topics: [...(answered?.topics ?? []), ...topics] }
}

export const guardOffsetForLeaderEpoch: Guard<'offsetForLeaderEpoch'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.topics, ({ topic }) => access.may('describe', 'topic', topic))
  const answered = await answer({ ...request, topics: allowed })
  const topics = refused.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition }) => ({ partition, errorCode: refusedTopic })),
  }))
  return { throttleTimeMs: 0, ...answered, topics: [...(answered?.topics ?? []), ...topics] }
}

export const guardDeleteRecords: Guard<'deleteRecords'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.topics, ({ name }) => access.may('delete', 'topic', name))
  const answered = await answer({ ...request, topics: allowed })
  const topics = refused.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, lowWatermark: -1, errorCode: refusedTopic })),
  }))
  return { throttleTimeMs: 0, ...answered, topics: [...(answered?.topics ?? []), ...topics] }
}

export const guardDescribeProducers: Guard<'describeProducers'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.topics, ({ name }) => access.may('read', 'topic', name))
  const answered = await answer({ ...request, topics: allowed })
  const topics = refused.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode: refusedTopic, activeProducers: [] })),
  }))
  return { throttleTimeMs: 0, ...answered, topics: [...(answered?.topics ?? []), ...topics] }
}
