import type { LogClient } from '@millrace/core'
import type { Layout, Plan } from '../plan/plan.ts'
import { streamError } from '../time/stream-errors.ts'

/** The partition counts of the topics that must be there. @throws SOURCE_TOPIC_MISSING */
export async function sourcePartitions(log: LogClient, plan: Plan): Promise<ReadonlyMap<string, number>> {
  const descriptions = await log.admin.describeTopics(plan.sourceTopics)
  return new Map(
    plan.sourceTopics.map((topic, index) => {
      const description = descriptions[index]
      if (!description)
        throw streamError('SOURCE_TOPIC_MISSING', { what: 'the topology reads a topic that does not exist', where: topic })
      return [topic, description.partitions]
    }),
  )
}

/** Makes the internal topics that are missing. Resolves to the ids of all of them. @throws PARTITIONS_DIFFER */
export async function makeInternalTopics(log: LogClient, { internalTopics }: Layout): Promise<ReadonlyMap<string, string>> {
  const names = internalTopics.map(({ topic }) => topic)
  const there = await log.admin.describeTopics(names)
  await log.admin.createTopics(internalTopics.filter((_, index) => !there[index]))
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
