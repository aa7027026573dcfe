import type { MutationQuota } from '../../broker/quotas.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { duplicatesOf, outcomeOf, Refused } from '../refusal.ts'
import { payerOf } from '../request-meter.ts'
import { checkReplicas } from './create-topics.ts'

type Asked = RequestOf<'createPartitions'>['topics'][number]
type TopicAnswer = NonNullable<ResponseDraft<'createPartitions'>['results']>[number]

/** The first version that knows THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const knowsThrottling = 3

/** Gives topics more partitions, or says whether it could; each topic for itself. */
export const answerCreatePartitions: Handler<'createPartitions'> = async ({ topics, validateOnly }, context) => {
  const twice = duplicatesOf(topics.map(({ name }) => name))
  const mutations = context.broker.quotas.mutations(payerOf(context), context.version >= knowsThrottling)
  const results: TopicAnswer[] = [...twice].map((name) => ({
    name,
    errorCode: errorCodes.INVALID_REQUEST,
    errorMessage: 'the request names this topic more than once',
  }))
  for (const topic of topics) if (!twice.has(topic.name)) results.push(await widen(topic, validateOnly, context, mutations))
  return { throttleTimeMs: mutations.throttleMs, results }
}

async function widen(
  asked: Asked,
  validateOnly: boolean,
  context: RequestContext,
  mutations: MutationQuota,
): Promise<TopicAnswer> {
  const { name, count } = asked
  const { topics } = context.broker
  const outcome = await outcomeOf(async () => {
    topics.checkAddition(name, count)
    checkAssignments(asked, context)
    mutations.take(count - topics.get(name).partitions)
    if (!validateOnly) await topics.addPartitions(name, count)
  })
  return { name, ...outcome }
}

function checkAssignments({ name, count, assignments }: Asked, { broker, server }: RequestContext): void {
  if (assignments === null) return
  const { partitions, replicationFactor = 1 } = broker.topics.get(name)
  if (assignments.length !== count - partitions)
    throw new Refused(
      errorCodes.INVALID_REPLICA_ASSIGNMENT,
      `${count - partitions} new partitions need as many assignments, and there are ${assignments.length}`,
    )
  for (const { brokerIds } of assignments) checkReplicas(brokerIds, replicationFactor, server)
}
