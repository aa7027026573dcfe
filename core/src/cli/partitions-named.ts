import { coreError } from '../base/error-catalogue.ts'
import type { TopicPartition } from '../base/ids.ts'
import type { Admin } from '../client/admin.ts'
import { foundTopics, partitionsOf } from './found-topics.ts'
import { UsageError } from './usage-error.ts'

/** `words`, or `words:0,2` for some of its partitions. @throws UsageError, UNKNOWN_TOPIC, UNKNOWN_PARTITION */
export async function partitionsNamed(admin: Admin, given: readonly string[]): Promise<TopicPartition[]> {
  const parsed = given.map((text) => {
    const [, topic, list] = /^([^:]+)(?::(\d+(?:,\d+)*))?$/.exec(text) ?? []
    if (topic === undefined) throw new UsageError(`--topic takes TOPIC or TOPIC:0,1, not ${text}`)
    return { topic, chosen: list?.split(',').map(Number) }
  })
  const described = await foundTopics(
    admin,
    parsed.map(({ topic }) => topic),
  )
  return parsed.flatMap(({ topic, chosen }, at) => {
    const beyond = chosen?.find((partition) => partition >= described[at]!.partitions)
    if (beyond !== undefined)
      throw coreError('UNKNOWN_PARTITION', { what: 'there is no such partition', where: `${topic}-${beyond}` })
    return chosen?.map((partition) => ({ topic, partition })) ?? partitionsOf(described[at]!)
  })
}
