import { coreError } from '../../base/error-catalogue.ts'
import { partitionName, type TopicPartition } from '../../base/ids.ts'
import { checkList, readOptions } from '../../base/options.ts'
import { errorCodes } from '../../protocol/error-codes.ts'
import { checkChanges, listRules, topicRules, type ResolvedTopic } from '../admin-options.ts'
import { AdminOfParts } from '../admin-of-parts.ts'
import type { Admin, BackUpResult, NewTopic, OffsetQuery, RecordDeletion, TopicConfigEntry, TopicDescription } from '../admin.ts'
import { byTopic } from './by-topic.ts'
import type { Cluster, TopicView } from './cluster.ts'
import { checkCode } from './refusals.ts'
import { WireAccessAdmin } from './wire-access-admin.ts'
import { WireGroupAdmin } from './wire-group-admin.ts'
import { movedOn, WireOffsets } from './wire-offsets.ts'
import { WireQuotaAdmin } from './wire-quota-admin.ts'
import { WireTransactionAdmin } from './wire-transaction-admin.ts'

/** Kafka's number of topics among what has settings. */
const topicResource = 2
/** Kafka's number of a value that was set for the topic itself. */
const setOnTopic = 1
const setConfig = 0
const resetConfig = 1

/** The administration of a log that is reached over the wire. */
export class WireAdmin extends AdminOfParts implements Admin {
  private readonly cluster: Cluster
  private readonly offsets: WireOffsets

  constructor(cluster: Cluster) {
    const offsets = new WireOffsets(cluster)
    super({
      groups: new WireGroupAdmin(cluster, offsets),
      transactions: new WireTransactionAdmin(cluster),
      access: new WireAccessAdmin(cluster),
      quotas: new WireQuotaAdmin(cluster),
    })
    this.cluster = cluster
    this.offsets = offsets
  }

  // Topics

  /** All are checked by the server before one is made; what changes between the two may leave some of them. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    this.cluster.assertOpen()
    checkList('topics', topics)
    const read = topics.map((topic) => readOptions<ResolvedTopic>('a new topic', topic, topicRules))
    for (const [at, topic] of read.entries()) checkNewTopic(topic, read.slice(0, at))
    if (read.length === 0) return
    const request = read.map(({ topic: name, partitions, config, replicationFactor }) => ({
      name,
      numPartitions: partitions,
      replicationFactor,
      assignments: [],
      configs: Object.entries(config).map(([setting, value]) => ({ name: setting, value })),
    }))
    for (const validateOnly of [true, false]) {
      await this.cluster.retrying(
        async () => {
          const connection = await this.cluster.controller()
          const answer = await connection.ask('createTopics', { topics: request, timeoutMs: this.serverTimeoutMs, validateOnly })
          for (const { name, errorCode, errorMessage } of answer.topics)
            checkCode(errorCode, { where: name, message: errorMessage })
        },
        { once: true },
      )
    }
    await this.untilSeen(read)
  }

  /** A server may hear of its controller's work a moment later. */
  private async untilSeen(topics: readonly { readonly topic: string; readonly partitions: number }[]): Promise<void> {
    const names = topics.map(({ topic }) => topic)
    await this.cluster.retrying(async () => {
      const seen = await this.cluster.describe(names)
      const late = topics.find(({ topic, partitions }) => !hasLeaders(seen.get(topic), partitions))
      if (late !== undefined) throw coreError('SERVER_NOT_READY', { what: 'the topic has no leaders yet', where: late.topic })
    })
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    this.cluster.assertOpen()
    checkList('topics', topics, 'string')
    if (topics.length === 0) return
    const found = await this.cluster.retrying(() => this.cluster.describe(topics))
    for (const topic of topics) if (!found.get(topic)) throw unknownTopic(topic)
    await this.cluster.retrying(
      async () => {
        const connection = await this.cluster.controller()
        const request = { topicNames: topics, timeoutMs: this.serverTimeoutMs }
        const answer = await connection.ask('deleteTopics', request, { atMost: 5 })
        for (const { name, errorCode, errorMessage } of answer.responses)
          checkCode(errorCode, { where: name ?? '', message: errorMessage })
      },
      { once: true },
    )
    await this.cluster.retrying(async () => {
      const seen = await this.cluster.describe(topics)
      const late = topics.find((topic) => seen.get(topic)?.topicId === found.get(topic)!.topicId)
      if (late !== undefined) throw coreError('SERVER_NOT_READY', { what: 'the topic is not gone yet', where: late })
    })
  }

  async listTopics(options: { readonly internal?: boolean } = {}): Promise<readonly string[]> {
    this.cluster.assertOpen()
    const { internal: withInternal } = readOptions('listTopics', options, listRules)
    const topics = await this.cluster.retrying(() => this.cluster.describe(null))
    return [...topics.values()]
      .filter((topic) => topic !== null)
      .filter(({ internal }) => withInternal || !internal)
      .map(({ topic }) => topic)
      .toSorted()
  }

  async describeTopics(topics: readonly string[]): Promise<readonly (TopicDescription | null)[]> {
    this.cluster.assertOpen()
    checkList('topics', topics, 'string')
    if (topics.length === 0) return []
    return this.cluster.retrying(async () => {
      const seen = await this.cluster.describe([...new Set(topics)])
      const there = [...seen.values()].filter((topic) => topic !== null)
      const configs = await this.configsOf(there.map(({ topic }) => topic))
      return topics.map((name) => {
        const view = seen.get(name)
        return view ? describedTopic(view, configs.get(name) ?? []) : null
      })
    })
  }

  async describeTopicConfig(topic: string): Promise<readonly TopicConfigEntry[]> {
    this.cluster.assertOpen()
    const configs = await this.cluster.retrying(() => this.configsOf([topic]))
    return configs.get(topic) ?? []
  }

  private async configsOf(topics: readonly string[]): Promise<ReadonlyMap<string, readonly TopicConfigEntry[]>> {
    if (topics.length === 0) return new Map()
    const connection = await this.cluster.any()
    const answer = await connection.ask('describeConfigs', {
      resources: topics.map((resourceName) => ({ resourceType: topicResource, resourceName, configurationKeys: null })),
      ...(connection.speaks('describeConfigs', 3) ? { includeDocumentation: true } : {}),
    })
    const found = answer.results.map(({ errorCode, errorMessage, resourceName, configs }) => {
      checkCode(errorCode, { where: resourceName, message: errorMessage })
      const entries = configs.map(({ name, value, configSource, documentation }) => ({
        name,
        value: value ?? '',
        isDefault: configSource !== setOnTopic,
        about: documentation ?? '',
      }))
      return [resourceName, entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))] as const
    })
    return new Map(found)
  }

  async alterTopicConfig(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    this.cluster.assertOpen()
    checkChanges(topic, changes)
    const configs = Object.entries(changes).map(([name, value]) => ({
      name,
      configOperation: value === null ? resetConfig : setConfig,
      value,
    }))
    await this.cluster.retrying(async () => {
      const connection = await this.cluster.controller()
      const resources = [{ resourceType: topicResource, resourceName: topic, configs }]
      const answer = await connection.ask('incrementalAlterConfigs', { resources, validateOnly: false })
      for (const { errorCode, errorMessage } of answer.responses) checkCode(errorCode, { where: topic, message: errorMessage })
    })
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    this.cluster.assertOpen()
    checkPartitions(topic, partitions)
    await this.cluster.retrying(
      async () => {
        const connection = await this.cluster.controller()
        const topics = [{ name: topic, count: partitions, assignments: null }]
        const request = { topics, timeoutMs: this.serverTimeoutMs, validateOnly: false }
        const answer = await connection.ask('createPartitions', request)
        for (const { errorCode, errorMessage } of answer.results) checkCode(errorCode, { where: topic, message: errorMessage })
      },
      { once: true },
    )
    await this.untilSeen([{ topic, partitions }])
  }

  // Records

  /** What is out of range is refused before anything is removed. */
  async deleteRecords(targets: readonly RecordDeletion[]): Promise<readonly number[]> {
    this.cluster.assertOpen()
    checkList('targets', targets)
    if (targets.length === 0) return []
    const at = (place: 'earliest' | 'stable'): Promise<readonly number[]> =>
      this.offsets.list(targets.map(({ topic, partition }) => ({ topic, partition, at: place })))
    const [starts, stable] = await Promise.all([at('earliest'), at('stable')])
    const before = targets.map((target, index) => ({ ...target, before: deletedBefore(target, starts[index]!, stable[index]!) }))
    const newStarts = new Map<string, number>()
    await this.cluster.retrying(async () => {
      const leaders = await Promise.all(before.map((target) => this.cluster.leaderOf(target)))
      const groups = Map.groupBy(before, (_, index) => leaders[index]!)
      await Promise.all(Array.from(groups, ([leader, group]) => this.deleteAt(leader, group, newStarts)))
    })
    return targets.map((target) => newStarts.get(partitionName(target))!)
  }

  private async deleteAt(leader: number, targets: readonly Deletion[], starts: Map<string, number>): Promise<void> {
    const connection = await this.cluster.to(leader)
    const answer = await connection.ask('deleteRecords', {
      topics: byTopic(targets).map(({ name, of }) => ({
        name,
        partitions: of.map(({ partition, before }) => ({ partitionIndex: partition, offset: before })),
      })),
      timeoutMs: this.serverTimeoutMs,
    })
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, lowWatermark, errorCode } of partitions) {
        const where = partitionName({ topic: name, partition: partitionIndex })
        checkCode(errorCode, { where: errorCode === errorCodes.POLICY_VIOLATION ? name : where, means: movedOn })
        starts.set(where, lowWatermark)
      }
    }
  }

  async backUp(): Promise<BackUpResult> {
    throw coreError('EMBEDDED_ONLY', { what: 'a log cannot be backed up over the wire', where: 'backUp' })
  }

  async listOffsets(queries: readonly OffsetQuery[]): Promise<readonly number[]> {
    this.cluster.assertOpen()
    checkList('queries', queries)
    return this.offsets.list(queries)
  }

  /** How long the server may take, below what is waited for its answer. */
  private get serverTimeoutMs(): number {
    return Math.ceil(this.cluster.terms.requestTimeoutMs * 0.9)
  }
}

/** What would not even reach the server. @throws INVALID_TOPIC_NAME, INVALID_PARTITIONS, TOPIC_EXISTS */
function checkNewTopic({ topic, partitions }: ResolvedTopic, before: readonly ResolvedTopic[]): void {
  if (!topic.isWellFormed())
    throw coreError('INVALID_TOPIC_NAME', { what: 'the topic name is not legal', where: JSON.stringify(topic) })
  checkPartitions(topic, partitions)
  if (before.some((one) => one.topic === topic))
    throw coreError('TOPIC_EXISTS', { what: 'the topic is named twice', where: topic })
}

function checkPartitions(where: string, partitions: number): void {
  if (Number.isInteger(partitions) && partitions >= 1 && partitions < 2 ** 31) return
  throw coreError('INVALID_PARTITIONS', {
    what: 'no topic has so many partitions',
    where,
    expected: 'a number from 1',
    received: partitions,
  })
}

interface Deletion extends TopicPartition {
  readonly before: number
}

function deletedBefore(target: RecordDeletion, start: number, stable: number): number {
  const { before } = target
  if (before === 'stable') return stable
  if (Number.isSafeInteger(before) && before >= 0 && before <= stable) return before
  throw coreError('OFFSET_OUT_OF_RANGE', {
    what: 'records cannot be deleted up to there',
    where: partitionName(target),
    expected: `${start} to ${stable}`,
    received: String(before),
  })
}

function hasLeaders(topic: TopicView | null | undefined, partitions: number): boolean {
  if (!topic) return false
  return topic.leaders.length >= partitions && topic.leaders.every((leader) => leader >= 0)
}

function describedTopic(
  { topic, topicId, internal, leaders }: TopicView,
  configs: readonly TopicConfigEntry[],
): TopicDescription {
  const set = configs.filter(({ isDefault }) => !isDefault).map(({ name, value }) => [name, value] as const)
  return { topic, topicId, partitions: leaders.length, config: Object.fromEntries(set), internal }
}

function unknownTopic(where: string): Error {
  return coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where })
}
