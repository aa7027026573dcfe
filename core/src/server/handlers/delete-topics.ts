import type { TopicId } from '../../base/ids.ts'
import type { MutationQuota } from '../../broker/quotas.ts'
import type { ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { duplicatesOf, outcomeOf, Refused } from '../refusal.ts'
import { payerOf } from '../request-meter.ts'
import { noTopicId } from '../topic-ids.ts'

type TopicAnswer = NonNullable<ResponseDraft<'deleteTopics'>['responses']>[number]

interface Named {
  /** Null: by its id. */
  readonly name: string | null
  readonly topicId: TopicId
}

/** The first version that knows THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const knowsThrottling = 5

/** Deletes topics, each for itself: by name, from version 6 on also by id. */
export const answerDeleteTopics: Handler<'deleteTopics'> = async ({ topics, topicNames }, context) => {
  const asked: readonly Named[] = context.version >= 6 ? topics : topicNames.map((name) => ({ name, topicId: noTopicId }))
  const twice = duplicatesOf(asked.map(({ name, topicId }) => name ?? topicId))
  const mutations = context.broker.quotas.mutations(payerOf(context), context.version >= knowsThrottling)
  const responses: TopicAnswer[] = []
  for (const one of asked) responses.push(await deleted(one, twice.has(one.name ?? one.topicId), context, mutations))
  return { throttleTimeMs: mutations.throttleMs, responses }
}

async function deleted(
  { name, topicId }: Named,
  isNamedTwice: boolean,
  { broker }: RequestContext,
  mutations: MutationQuota,
): Promise<TopicAnswer> {
  const known = name ?? broker.topics.nameOf(topicId) ?? null
  const id = known !== null && broker.topics.has(known) ? broker.topics.get(known).topicId : topicId
  const outcome = await outcomeOf(async () => {
    if (isNamedTwice) throw new Refused(errorCodes.INVALID_REQUEST, 'the request names this topic more than once')
    if (name !== null && topicId !== noTopicId)
      throw new Refused(errorCodes.INVALID_REQUEST, 'a topic is named by its name or by its id, not by both')
    if (known === null) throw new Refused(errorCodes.UNKNOWN_TOPIC_ID, 'there is no topic of this id')
    const count = broker.topics.partitionCount(known)
    if (count !== undefined) mutations.take(count)
    await broker.topics.delete([known])
  })
  return { name: known, topicId: id, ...outcome }
}
