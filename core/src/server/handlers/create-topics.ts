import type { MutationQuota } from '../../broker/quotas.ts'
import type { RequestOf, ResponseDraft } from '../../protocol/apis.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { settingsShown } from '../config-entries.ts'
import type { Handler, RequestContext } from '../handler.ts'
import { duplicatesOf, refusalOf, Refused } from '../refusal.ts'
import { payerOf } from '../request-meter.ts'
import { noTopicId } from '../topic-ids.ts'

type NewTopic = RequestOf<'createTopics'>['topics'][number]
type TopicAnswer = NonNullable<ResponseDraft<'createTopics'>['topics']>[number]

interface Shape {
  readonly partitions: number
  readonly replicationFactor: number
}

/** Where nobody says how many (num.partitions, default.replication.factor). */
const unsaid = -1
export const usualPartitions = 1

/** The first version that knows THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const knowsThrottling = 6

/** Makes topics, or says whether they could be made. Each for itself: one that is refused keeps no other from being made, as in Kafka. */
export const answerCreateTopics: Handler<'createTopics'> = async ({ topics, validateOnly }, context) => {
  const twice = duplicatesOf(topics.map(({ name }) => name))
  const mutations = context.broker.quotas.mutations(payerOf(context), context.version >= knowsThrottling)
  const answers: TopicAnswer[] = [...twice].map((name) =>
    refused(name, new Refused(errorCodes.INVALID_REQUEST, 'the request names this topic more than once')),
  )
  for (const topic of topics) if (!twice.has(topic.name)) answers.push(await create(topic, validateOnly, context, mutations))
  return { throttleTimeMs: mutations.throttleMs, topics: answers }
}

async function create(
  asked: NewTopic,
  validateOnly: boolean,
  context: RequestContext,
  mutations: MutationQuota,
): Promise<TopicAnswer> {
  const { name: topic } = asked
  const { topics } = context.broker
  try {
    const config = configOf(asked)
    const shape = shapeOf(asked, context)
    const spec = { topic, config, ...shape }
    topics.checkCreation([spec])
    mutations.take(shape.partitions)
    if (!validateOnly) await topics.create([spec])
    return {
      name: topic,
      topicId: validateOnly ? noTopicId : topics.get(topic).topicId,
      errorCode: errorCodes.NONE,
      errorMessage: null,
      numPartitions: shape.partitions,
      replicationFactor: shape.replicationFactor,
      configs: settingsShown(config).map(({ name, value, configSource }) => ({
        name,
        value,
        configSource,
        readOnly: false,
        isSensitive: false,
      })),
    }
  } catch (error) {
    return refused(topic, error)
  }
}

function refused(name: string, error: unknown): TopicAnswer {
  return { name, topicId: noTopicId, ...refusalOf(error), numPartitions: -1, replicationFactor: -1, configs: [] }
}

function configOf({ configs }: NewTopic): Record<string, string> {
  const entries = configs.map(({ name, value }) => {
    if (value === null) throw new Refused(errorCodes.INVALID_CONFIG, `the setting ${name} has no value`)
    return [name, value] as const
  })
  return Object.fromEntries(entries)
}

function shapeOf(asked: NewTopic, context: RequestContext): Shape {
  const { numPartitions, replicationFactor } = asked
  if (asked.assignments.length > 0) return assignedShape(asked, context)
  if (numPartitions !== unsaid && numPartitions < 1)
    throw new Refused(errorCodes.INVALID_PARTITIONS, 'there is at least one partition; -1 asks for the usual number')
  const most = context.server.maxReplicationFactor
  if (replicationFactor !== unsaid && (replicationFactor < 1 || replicationFactor > most))
    throw new Refused(
      errorCodes.INVALID_REPLICATION_FACTOR,
      `the replication factor is ${replicationFactor}, and may be 1 to ${most} here (maxReplicationFactor), or -1 for the usual one`,
    )
  return {
    partitions: numPartitions === unsaid ? usualNumber(context) : numPartitions,
    replicationFactor: replicationFactor === unsaid ? 1 : replicationFactor,
  }
}

function usualNumber({ broker }: RequestContext): number {
  return broker.autoCreation?.partitions ?? usualPartitions
}

/** Replicas that a client places itself: on brokers that there can be. Who is named first does not lead: that is the node itself. */
function assignedShape({ assignments, numPartitions, replicationFactor }: NewTopic, { server }: RequestContext): Shape {
  if (numPartitions !== unsaid || replicationFactor !== unsaid)
    throw new Refused(
      errorCodes.INVALID_REQUEST,
      'with an assignment of replicas the number of partitions and the replication factor are -1',
    )
  const indexes = new Set(assignments.map(({ partitionIndex }) => partitionIndex))
  const isComplete = indexes.size === assignments.length && assignments.every((_, index) => indexes.has(index))
  if (!isComplete)
    throw new Refused(errorCodes.INVALID_REPLICA_ASSIGNMENT, 'an assignment names every partition from 0 on, each once')
  const width = assignments[0]!.brokerIds.length
  for (const { brokerIds } of assignments) checkReplicas(brokerIds, width, server)
  return { partitions: assignments.length, replicationFactor: width }
}

/** @throws Refused */
export function checkReplicas(ids: readonly number[], width: number, server: RequestContext['server']): void {
  const { nodeId, maxReplicationFactor } = server
  const wanted = new Set(ids)
  const isRight = ids.length === width && wanted.size === width && ids.every((id) => id >= nodeId && id < nodeId + width)
  if (isRight && width >= 1 && width <= maxReplicationFactor) return
  throw new Refused(
    errorCodes.INVALID_REPLICA_ASSIGNMENT,
    `every partition has the same replicas here: broker ${nodeId}, and those that follow it up to ${nodeId + maxReplicationFactor - 1}`,
  )
}
