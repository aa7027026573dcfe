import { clusterName } from '../../base/access-rule.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { clusterBits, narrowed, operationBits } from '../authorized-operations.ts'
import type { RequestContext } from '../handler.ts'
import type { Refusal } from '../refusal.ts'
import { noTopicId } from '../topic-ids.ts'
import { split, type Guard } from './guard.ts'

const refusal: Refusal = Object.freeze({
  errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED,
  errorMessage: 'no access rule allows this with the topic',
})

type AskedTopic = NonNullable<RequestOf<'metadata'>['topics']>[number]
type MetadataTopic = NonNullable<ResponseDraft<'metadata'>['topics']>[number]

/**
 * Whoever may not describe a topic hears the same whether it is there or not. A topic that would be made by being asked for has to be one
 * that the client may create.
 */
export const guardMetadata: Guard<'metadata'> = async (request, context, answer) => {
  const { access, version } = context
  const asked = version === 0 && request.topics?.length === 0 ? null : request.topics
  if (asked === null) {
    const all = (await answer(request))!
    return shown(
      all,
      (all.topics ?? []).filter(({ name }) => access.sees('describe', 'topic', name ?? '')),
      context,
    )
  }
  const { allowed, refused } = split(asked, (topic) => mayAsk(topic, request.allowAutoTopicCreation, context))
  const answered = (await answer({ ...request, topics: allowed }))!
  // In version 0 an empty list asks for all, and what is left of one is not to.
  const topics = allowed.length === 0 ? [] : (answered.topics ?? [])
  return shown(answered, [...topics, ...refused.map(refusedMetadata)], context)
}

function mayAsk({ name, topicId }: AskedTopic, mayMake: boolean, { access, broker }: RequestContext): boolean {
  const known = name ?? broker.topics.nameOf(topicId)
  if (known === undefined) return true
  if (!access.may('describe', 'topic', known)) return false
  if (!mayMake || broker.autoCreation === null || broker.topics.has(known)) return true
  return access.sees('create', 'cluster', clusterName) || access.may('create', 'topic', known)
}

function refusedMetadata({ name, topicId }: AskedTopic): MetadataTopic {
  const { errorCode } = refusal
  return { errorCode, name, topicId: name === null ? topicId : noTopicId, isInternal: false, partitions: [] }
}

function shown(
  answered: ResponseDraft<'metadata'>,
  topics: readonly MetadataTopic[],
  { access }: RequestContext,
): ResponseDraft<'metadata'> {
  return {
    ...answered,
    clusterAuthorizedOperations: narrowed(answered.clusterAuthorizedOperations, () => clusterBits(access)),
    topics: topics.map((topic) => ({
      ...topic,
      topicAuthorizedOperations: narrowed(topic.topicAuthorizedOperations, () =>
        operationBits(access, 'topic', topic.name ?? ''),
      ),
    })),
  }
}

/** All topics are those that the client may describe: the page, and where it goes on, name no others. */
export const guardDescribeTopicPartitions: Guard<'describeTopicPartitions'> = async (request, { access, broker }, answer) => {
  const { topics, cursor } = request
  const { allowed, refused } =
    topics.length === 0
      ? { allowed: (await broker.topics.list()).map(({ topic }) => ({ name: topic })).filter(sees), refused: [] }
      : split(topics, ({ name }) => access.may('describe', 'topic', name))
  const nothing: ResponseDraft<'describeTopicPartitions'> = { throttleTimeMs: 0, topics: [], nextCursor: null }
  const answered = allowed.length === 0 ? nothing : (await answer({ ...request, topics: allowed }))!
  const withheld = refused.filter(({ name }) => cursor === null || name >= cursor.topicName)
  return {
    ...answered,
    topics: [
      ...answered.topics.map((topic) => ({
        ...topic,
        topicAuthorizedOperations: narrowed(topic.topicAuthorizedOperations, () =>
          operationBits(access, 'topic', topic.name ?? ''),
        ),
      })),
      ...withheld.map(({ name }) => ({ errorCode: refusal.errorCode, name, topicId: noTopicId, partitions: [] })),
    ],
  }

  function sees({ name }: { readonly name: string }): boolean {
    return access.sees('describe', 'topic', name)
  }
}

/** Who may make a topic and not see its settings is not told them (KIP-525). */
export const guardCreateTopics: Guard<'createTopics'> = async (request, { access }, answer) => {
  const mayAll = access.sees('create', 'cluster', clusterName)
  const { allowed, refused } = split(request.topics, ({ name }) => mayAll || access.may('create', 'topic', name))
  const answered = (await answer({ ...request, topics: allowed }))!
  const topics = answered.topics.map((topic) =>
    topic.errorCode !== errorCodes.NONE || access.sees('describeConfigs', 'topic', topic.name)
      ? topic
      : { ...topic, topicConfigErrorCode: refusal.errorCode, numPartitions: -1, replicationFactor: -1, configs: null },
  )
  return { ...answered, topics: [...topics, ...refused.map(({ name }) => ({ name, ...refusal, configs: [] }))] }
}

/** A topic by its id is named in a refusal only to whoever may describe it. */
export const guardDeleteTopics: Guard<'deleteTopics'> = async (request, context, answer) => {
  const { access, broker, version } = context
  const mayAll = access.sees('delete', 'cluster', clusterName)
  const may = (name: string | undefined): boolean => mayAll || name === undefined || access.may('delete', 'topic', name)
  const byName = split(version >= 6 ? [] : request.topicNames, may)
  const byEither = split(version >= 6 ? request.topics : [], ({ name, topicId }) => may(name ?? broker.topics.nameOf(topicId)))
  const answered = (await answer({ ...request, topics: byEither.allowed, topicNames: byName.allowed }))!
  const refusedById = (topicId: (typeof request.topics)[number]['topicId']): string | null => {
    const name = broker.topics.nameOf(topicId)
    return name !== undefined && access.sees('describe', 'topic', name) ? name : null
  }
  return {
    ...answered,
    responses: [
      ...answered.responses,
      ...byName.refused.map((name) => ({ name, ...refusal })),
      ...byEither.refused.map(({ name, topicId }) => ({ name: name ?? refusedById(topicId), topicId, ...refusal })),
    ],
  }
}

export const guardCreatePartitions: Guard<'createPartitions'> = async (request, { access }, answer) => {
  const { allowed, refused } = split(request.topics, ({ name }) => access.may('alter', 'topic', name))
  const answered = (await answer({ ...request, topics: allowed }))!
  return { ...answered, results: [...answered.results, ...refused.map(({ name }) => ({ name, ...refusal }))] }
}
