import { MillraceError, type LogClient } from '@millrace/core'
import type { Layout, Plan } from '../plan/plan.ts'
import { streamError } from '../time/stream-errors.ts'
import type { ErrorPolicies } from './error-policies.ts'

/** The partition counts of the topics that are read. @throws SOURCE_TOPIC_MISSING */
export async function sourcePartitions(log: LogClient, plan: Plan): Promise<ReadonlyMap<string, number>> {
  const descriptions = await log.admin.describeTopics(plan.sourceTopics)
  const counts = new Map<string, number>()
  for (const [index, topic] of plan.sourceTopics.entries()) {
    const description = descriptions[index]
    if (!description)
      throw streamError('SOURCE_TOPIC_MISSING', { what: 'the topology reads a topic that does not exist', where: topic })
    counts.set(topic, description.partitions)
  }
  return counts
}

/**
 * The partition counts of the topics that may be written: those that the sinks name must be there; where one chooses among all,
 * all that are there now, without the application's own.
 * @throws SINK_TOPIC_MISSING
 */
export async function sinkPartitions(log: LogClient, plan: Plan): Promise<ReadonlyMap<string, number>> {
  const sinks = plan.subTopologies.flatMap((one) => one.sinks).filter(({ internal }) => !internal)
  const named = sinks.flatMap(({ name, topics }) => (topics ?? []).map((topic) => ({ name, topic })))
  const own = new Set(plan.internalTopics.map(({ topic }) => topic))
  const any = sinks.some(({ topics }) => topics === null) ? (await log.admin.listTopics()).filter((topic) => !own.has(topic)) : []
  const topics = [...new Set([...named.map(({ topic }) => topic), ...any])]
  const descriptions = await log.admin.describeTopics(topics)
  const counts = new Map(topics.flatMap((topic, index) => (descriptions[index] ? [[topic, descriptions[index].partitions]] : [])))
  const missing = named.find(({ topic }) => !counts.has(topic))
  if (missing === undefined) return counts
  throw streamError('SINK_TOPIC_MISSING', {
    what: 'the topology writes a topic that does not exist',
    where: `${missing.topic}, ${missing.name}`,
  })
}

/** As in Kafka it is not made here: how long it keeps its records is the user's to say. @throws DEAD_LETTER_TOPIC_MISSING */
export async function checkDeadLetterTopic(log: LogClient, { deadLetters }: ErrorPolicies): Promise<void> {
  if (deadLetters === null) return
  const [description] = await log.admin.describeTopics([deadLetters.topic])
  if (description) return
  throw streamError('DEAD_LETTER_TOPIC_MISSING', { what: 'the dead-letter topic does not exist', where: deadLetters.topic })
}

/** False: somebody else has made one of them meanwhile, and the others are to be tried again. */
async function makeMissing(log: LogClient, topics: Layout['internalTopics']): Promise<boolean> {
  const there = await log.admin.describeTopics(topics.map(({ topic }) => topic))
  const missing = topics.filter((_, index) => !there[index])
  try {
    if (missing.length > 0) await log.admin.createTopics(missing)
    return true
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'TOPIC_EXISTS') return false
    throw error
  }
}

/** Makes the internal topics that are missing. Resolves to the ids of all of them. @throws PARTITIONS_DIFFER */
export async function makeInternalTopics(log: LogClient, { internalTopics }: Layout): Promise<ReadonlyMap<string, string>> {
  const names = internalTopics.map(({ topic }) => topic)
  while (!(await makeMissing(log, internalTopics))) {
    // Another instance was faster with some of them.
  }
  const descriptions = await log.admin.describeTopics(names)
  return new Map(
    internalTopics.map(({ topic, partitions }, index) => {
      const { topicId, partitions: found } = descriptions[index]!
      if (found === partitions) return [topic, topicId]
      throw streamError('PARTITIONS_DIFFER', {
        what: 'an internal topic has another number of partitions than the application needs now',
        where: topic,
        expected: partitions,
        received: found,
      })
    }),
  )
}
