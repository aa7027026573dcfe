import { coreError } from '../../base/error-catalogue.ts'
import { checkList, readOptions } from '../../base/options.ts'
import type { Broker } from '../../broker/broker.ts'
import { describeConfig } from '../../broker/describe-config.ts'
import { offsetForTime } from '../../broker/offset-for-time.ts'
import { AdminOfParts } from '../admin-of-parts.ts'
import type { Admin, BackUpResult, NewTopic, OffsetQuery, RecordDeletion, TopicConfigEntry, TopicDescription } from '../admin.ts'
import {
  backUpRules,
  badPlace,
  checkChanges,
  listRules,
  serverDefault,
  topicRules,
  type ResolvedTopic,
} from '../admin-options.ts'
import { EmbeddedAccessAdmin } from './embedded-access-admin.ts'
import { EmbeddedGroupAdmin } from './embedded-group-admin.ts'
import { EmbeddedQuotaAdmin } from './embedded-quota-admin.ts'
import { EmbeddedTransactionAdmin } from './embedded-transaction-admin.ts'

/** The administration of the embedded log. */
export class EmbeddedAdmin extends AdminOfParts implements Admin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    super({
      access: new EmbeddedAccessAdmin(broker),
      groups: new EmbeddedGroupAdmin(broker),
      quotas: new EmbeddedQuotaAdmin(broker),
      transactions: new EmbeddedTransactionAdmin(broker),
    })
    this.broker = broker
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    this.broker.assertOpen()
    checkList('topics', topics)
    const read = topics.map((topic) => readOptions<ResolvedTopic>('a new topic', topic, topicRules))
    await this.broker.topics.create(
      read.map(({ config, replicationFactor, ...topic }) => ({
        ...topic,
        config: { ...config },
        replicationFactor: replicationFactor === serverDefault ? 1 : replicationFactor,
      })),
    )
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    this.broker.assertOpen()
    checkList('topics', topics, 'string')
    await this.broker.topics.delete(topics)
  }

  async listTopics(options: { readonly internal?: boolean } = {}): Promise<readonly string[]> {
    this.broker.assertOpen()
    const { internal: withInternal } = readOptions('listTopics', options, listRules)
    const topics = await this.broker.topics.list()
    return topics.filter(({ internal }) => withInternal || !internal).map(({ topic }) => topic)
  }

  async describeTopics(topics: readonly string[]): Promise<readonly (TopicDescription | null)[]> {
    this.broker.assertOpen()
    checkList('topics', topics, 'string')
    const found = await this.broker.topics.describe(topics)
    return found.map((topic) => topic ?? null)
  }

  async alterTopicConfig(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    this.broker.assertOpen()
    checkChanges(topic, changes)
    await this.broker.topics.alterConfig(topic, changes)
  }

  async describeTopicConfig(topic: string): Promise<readonly TopicConfigEntry[]> {
    this.broker.assertOpen()
    const [found] = await this.broker.topics.describe([topic])
    if (found === undefined) throw coreError('UNKNOWN_TOPIC', { what: 'there is no such topic', where: topic })
    return describeConfig(found.config)
  }

  async addPartitions(topic: string, partitions: number): Promise<void> {
    this.broker.assertOpen()
    await this.broker.topics.addPartitions(topic, partitions)
  }

  async deleteRecords(targets: readonly RecordDeletion[]): Promise<readonly number[]> {
    this.broker.assertOpen()
    checkList('targets', targets)
    return this.broker.topics.deleteRecords(targets)
  }

  async backUp(options: { readonly to: string }): Promise<BackUpResult> {
    this.broker.assertOpen()
    return this.broker.directory.backUp(readOptions('backUp', options, backUpRules).to)
  }

  async listOffsets(queries: readonly OffsetQuery[]): Promise<readonly number[]> {
    this.broker.assertOpen()
    checkList('queries', queries)
    const answers: number[] = []
    // What is known is told as it is now. Times are looked up one after the other: thousands at once would open as many files.
    for (const answer of queries.map((query) => this.offset(query)))
      answers.push(typeof answer === 'number' ? answer : await answer())
    return answers
  }

  private offset({ topic, partition, at }: OffsetQuery): number | (() => Promise<number>) {
    const log = this.broker.topics.log({ topic, partition })
    switch (at) {
      case 'earliest':
        return log.startOffset
      case 'latest':
        return log.highWatermark
      case 'stable':
        return log.lastStableOffset
      default:
        if (Number.isSafeInteger(at) && at >= 0) return () => offsetForTime(log, at)
        throw badPlace(log.name, at)
    }
  }
}
