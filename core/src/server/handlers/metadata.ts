import { MillraceError } from '../../base/errors.ts'
import type { TopicId } from '../../base/ids.ts'
import type { MutationQuota } from '../../broker/quotas.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { wireErrorOf } from '../../protocol/wire-error.ts'
import { allOfCluster, allOfTopic, notAsked } from '../authorized-operations.ts'
import { brokersOf, partitionOf, type ShownTopic } from '../cluster-view.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { payerOf } from '../request-meter.ts'
import { noTopicId } from '../topic-ids.ts'

type Asked = NonNullable<RequestOf<'metadata'>['topics']>[number]
type Answered = NonNullable<ResponseDraft<'metadata'>['topics']>[number]

/** Brokers and topics. Topics that are asked for by name are made where the log does that. */
export const answerMetadata: Handler<'metadata'> = async (request, context) => {
  const { server, broker, version } = context
  // In version 0 an empty list asks for all.
  const asked = version === 0 && request.topics?.length === 0 ? null : request.topics
  const operations = request.includeTopicAuthorizedOperations ? allOfTopic : notAsked
  // Whoever makes topics by asking for them is only made to wait.
  const mutations = broker.quotas.mutations(payerOf(context), false)
  const topics =
    asked === null
      ? (await broker.topics.list()).map((topic) => answerOf(topic, context))
      : await Promise.all(asked.map((one) => described(one, request.allowAutoTopicCreation ? mutations : null, context)))
  return {
    throttleTimeMs: mutations.throttleMs,
    brokers: brokersOf(context),
    clusterId: server.clusterId,
    controllerId: server.nodeId,
    topics: topics.map((topic) => ({ ...topic, topicAuthorizedOperations: topic.errorCode === 0 ? operations : notAsked })),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? allOfCluster : notAsked,
  }
}

/** `mutations`: null where no topic is to be made. */
async function described({ topicId, name }: Asked, mutations: MutationQuota | null, context: RequestContext): Promise<Answered> {
  const { broker, version } = context
  // Whoever asks by id may leave the name empty: Java's admin client does.
  const known = topicId === noTopicId ? (name ?? undefined) : broker.topics.nameOf(topicId)
  // No name can be no name from version 12 on only.
  if (known === undefined) return refused(version >= 12 ? null : '', topicId, errorCodes.UNKNOWN_TOPIC_ID)
  try {
    if (mutations !== null && broker.autoCreation !== null && !broker.autoCreation.has(known)) {
      mutations.take(broker.autoCreation.partitions)
      await broker.autoCreation.make(known)
    }
    const [topic] = await broker.topics.describe([known])
    if (topic !== undefined) return answerOf(topic, context)
    broker.topics.checkName(known)
    return refused(known, noTopicId, errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return refused(known, noTopicId, wireErrorOf(error))
  }
}

function refused(name: string | null, topicId: TopicId, errorCode: number): Answered {
  return { errorCode, name, topicId, isInternal: false, partitions: [] }
}

function answerOf(topic: ShownTopic, context: RequestContext): Answered {
  return {
    errorCode: errorCodes.NONE,
    name: topic.topic,
    topicId: topic.topicId,
    isInternal: topic.internal,
    partitions: Array.from({ length: topic.partitions }, (_, partition) => partitionOf(topic, partition, context)),
  }
}
