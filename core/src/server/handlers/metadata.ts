import { MillraceError } from '../../base/errors.ts'
import type { TopicId } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { noTopicId } from '../topic-ids.ts'

type TopicMetadata = Awaited<ReturnType<Broker['topics']['list']>>[number]
type Asked = NonNullable<RequestOf<'metadata'>['topics']>[number]
type Answered = NonNullable<ResponseDraft<'metadata'>['topics']>[number]

/** Brokers and topics. Topics that are asked for by name are made where the log does that. */
export const answerMetadata: Handler<'metadata'> = async (request, context) => {
  const { server, advertised, broker, version } = context
  // In version 0 an empty list asks for all.
  const asked = version === 0 && request.topics?.length === 0 ? null : request.topics
  const topics =
    asked === null
      ? (await broker.topics.list()).map((topic) => answerOf(topic, context))
      : await Promise.all(asked.map((one) => described(one, request.allowAutoTopicCreation, context)))
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: server.nodeId, host: advertised.host, port: advertised.port }],
    clusterId: server.clusterId,
    controllerId: server.nodeId,
    topics,
  }
}

async function described({ topicId, name }: Asked, mayMake: boolean, context: RequestContext): Promise<Answered> {
  const { broker } = context
  const known = name ?? broker.topics.nameOf(topicId)
  if (known === undefined) return refused(null, topicId, errorCodes.UNKNOWN_TOPIC_ID)
  try {
    if (mayMake && broker.autoCreation !== null) await broker.autoCreation.make(known)
    const [topic] = await broker.topics.describe([known])
    return topic === undefined ? refused(known, noTopicId, errorCodes.UNKNOWN_TOPIC_OR_PARTITION) : answerOf(topic, context)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused(known, noTopicId, wireErrorOf(error))
  }
}

function refused(name: string | null, topicId: TopicId, errorCode: number): Answered {
  return { errorCode, name, topicId, isInternal: false, partitions: [] }
}

function answerOf({ topic, topicId, partitions, internal }: TopicMetadata, { server, broker }: RequestContext): Answered {
  const replicas = [server.nodeId]
  const leaderEpoch = broker.directory.epoch
  return {
    errorCode: errorCodes.NONE,
    name: topic,
    topicId,
    isInternal: internal,
    partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
      errorCode: errorCodes.NONE,
      partitionIndex,
      leaderId: server.nodeId,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: replicas,
      offlineReplicas: [],
    })),
  }
}
