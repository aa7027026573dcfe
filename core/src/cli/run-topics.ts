import type { LogClient } from '../client/log-client.ts'
import type { TopicDescription } from '../client/admin.ts'
import type { CommandContext, ExitCode } from './command.ts'
import { foundTopics, partitionsOf } from './found-topics.ts'
import { namedValues } from './named-values.ts'
import { printRows, type Row } from './print-rows.ts'
import { withLog, type Place } from './with-log.ts'

interface ListValues extends Place {
  readonly 'exclude-internal': boolean
  readonly json: boolean
}

export function listTopics(values: ListValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const names = await admin.listTopics({ internal: !values['exclude-internal'] })
    if (values.json) context.out(JSON.stringify(names))
    else for (const name of names) context.out(name)
  })
}

interface CreateValues extends Place {
  readonly topic: string
  readonly partitions: number
  readonly config: readonly string[]
  readonly 'if-not-exists': boolean
  readonly 'replication-factor': number | undefined
}

export function createTopic(values: CreateValues, context: CommandContext): Promise<ExitCode> {
  const { topic, partitions } = values
  const config = namedValues('config', values.config)
  const { 'replication-factor': replicationFactor } = values
  const copies = replicationFactor === undefined ? {} : { replicationFactor }
  return withLog(values, context, async ({ admin }) => {
    const [there] = values['if-not-exists'] ? await admin.describeTopics([topic]) : []
    if (there) return context.out(`${topic} is there already`)
    await admin.createTopics([{ topic, partitions, config, ...copies }])
    context.out(`made ${topic} with ${partitions} partition${partitions === 1 ? '' : 's'}`)
  })
}

interface DescribeValues extends ListValues {
  readonly topic: readonly string[]
}

/** For people a line for each partition, as Kafka's script has it; for programs a topic with its partitions. */
export function describeTopics(values: DescribeValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async (log) => {
    const asked = namesOf(values.topic)
    const names = asked.length > 0 ? asked : await log.admin.listTopics({ internal: !values['exclude-internal'] })
    const described = await foundTopics(log.admin, names)
    const all = await Promise.all(
      described.map(async (topic) => ({ topic, offsets: topic.internal ? [] : await offsetsOf(log, topic) })),
    )
    if (values.json) context.out(JSON.stringify(all.map(({ topic, offsets }) => ({ ...topic, offsets }))))
    else for (const { topic, offsets } of all) describe(topic, offsets, context)
  })
}

async function offsetsOf({ admin }: LogClient, topic: TopicDescription): Promise<Row[]> {
  const partitions = partitionsOf(topic)
  const at = async (place: 'earliest' | 'stable' | 'latest'): Promise<readonly number[]> =>
    admin.listOffsets(partitions.map((partition) => ({ ...partition, at: place })))
  const [start, stable, end] = await Promise.all([at('earliest'), at('stable'), at('latest')])
  return partitions.map(({ partition }) => ({
    partition,
    logStart: start[partition],
    lastStable: stable[partition],
    logEnd: end[partition],
  }))
}

function describe(
  { topic, topicId, partitions, config, internal }: TopicDescription,
  offsets: readonly Row[],
  { out }: CommandContext,
): void {
  const configs = Object.entries(config).map(([name, value]) => `${name}=${value}`)
  out(
    `Topic: ${topic}  TopicId: ${topicId}  PartitionCount: ${partitions}${internal ? '  Internal' : ''}  Configs: ${configs.join(',') || '-'}`,
  )
  printRows(offsets, false, (line) => out(`  ${line}`))
}

interface AlterValues extends Place {
  readonly topic: string
  readonly partitions: number
}

export function alterTopic(values: AlterValues, context: CommandContext): Promise<ExitCode> {
  const { topic, partitions } = values
  return withLog(values, context, async ({ admin }) => {
    await admin.addPartitions(topic, partitions)
    context.out(`${topic} has ${partitions} partitions`)
  })
}

interface DeleteValues extends Place {
  readonly topic: readonly string[]
  readonly 'if-exists': boolean
}

export function deleteTopics(values: DeleteValues, context: CommandContext): Promise<ExitCode> {
  return withLog(values, context, async ({ admin }) => {
    const asked = namesOf(values.topic)
    const there = values['if-exists'] ? await admin.describeTopics(asked) : []
    const names = values['if-exists'] ? asked.filter((_, at) => there[at] !== null) : asked
    await admin.deleteTopics(names)
    for (const name of names) context.out(`deleted ${name}`)
  })
}

/** Names hold no commas, so that they may be separated by them. */
function namesOf(given: readonly string[]): string[] {
  return [...new Set(given.flatMap((text) => text.split(',')))]
}
