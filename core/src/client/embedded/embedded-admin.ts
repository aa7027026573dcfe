import { coreError } from '../../base/error-catalogue.ts'
import { checkList, readOptions } from '../../base/options.ts'
import type { AccessRule, AccessRuleFilter } from '../../base/access-rule.ts'
import type { TopicPartition } from '../../base/ids.ts'
import type { Broker } from '../../broker/broker.ts'
import { describeConfig } from '../../broker/describe-config.ts'
import { offsetForTime } from '../../broker/offset-for-time.ts'
import type { EntityQuotas, QuotaChanges, QuotaEntity } from '../../broker/quotas.ts'
import type { Admin, BackUpResult, NewTopic, OffsetQuery, RecordDeletion, TopicConfigEntry, TopicDescription } from '../admin.ts'
import type { Isolation } from '../consumer.ts'
import type { GroupDetails, GroupListing, PartitionLag, ResetPlace } from '../group-admin.ts'
import type { CommittedPosition } from '../producer.ts'
import type { HangingTransactionDescription, TransactionDescription, TransactionFilter } from '../transaction-admin.ts'
import { backUpRules, badPlace, checkChanges, listRules, topicRules, type ResolvedTopic } from '../admin-options.ts'
import { EmbeddedAccessAdmin } from './embedded-access-admin.ts'
import { EmbeddedGroupAdmin } from './embedded-group-admin.ts'
import { EmbeddedQuotaAdmin } from './embedded-quota-admin.ts'
import { EmbeddedTransactionAdmin } from './embedded-transaction-admin.ts'

/** The administration of the embedded log. */
export class EmbeddedAdmin implements Admin {
  private readonly broker: Broker
  private readonly access: EmbeddedAccessAdmin
  private readonly groups: EmbeddedGroupAdmin
  private readonly quotas: EmbeddedQuotaAdmin
  private readonly transactions: EmbeddedTransactionAdmin

  constructor(broker: Broker) {
    this.broker = broker
    this.access = new EmbeddedAccessAdmin(broker)
    this.groups = new EmbeddedGroupAdmin(broker)
    this.quotas = new EmbeddedQuotaAdmin(broker)
    this.transactions = new EmbeddedTransactionAdmin(broker)
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    this.broker.assertOpen()
    checkList('topics', topics)
    const read = topics.map((topic) => readOptions<ResolvedTopic>('a new topic', topic, topicRules))
    await this.broker.topics.create(read.map(({ config, ...topic }) => ({ ...topic, config: { ...config } })))
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

  // Groups

  listGroups(): Promise<readonly GroupListing[]> {
    return this.groups.listGroups()
  }

  describeGroups(groups: readonly string[]): Promise<readonly GroupDetails[]> {
    return this.groups.describeGroups(groups)
  }

  deleteGroups(groups: readonly string[]): Promise<void> {
    return this.groups.deleteGroups(groups)
  }

  groupOffsets(group: string): Promise<readonly CommittedPosition[]> {
    return this.groups.groupOffsets(group)
  }

  alterGroupOffsets(group: string, positions: readonly CommittedPosition[]): Promise<void> {
    return this.groups.alterGroupOffsets(group, positions)
  }

  resetGroupOffsets(group: string, partitions: readonly TopicPartition[], to: ResetPlace): Promise<readonly CommittedPosition[]> {
    return this.groups.resetGroupOffsets(group, partitions, to)
  }

  deleteGroupOffsets(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    return this.groups.deleteGroupOffsets(group, partitions)
  }

  groupLag(group: string, options?: { readonly isolation?: Isolation }): Promise<readonly PartitionLag[]> {
    return this.groups.groupLag(group, options)
  }

  // Transactions

  listTransactions(filter?: TransactionFilter): Promise<readonly TransactionDescription[]> {
    return this.transactions.listTransactions(filter)
  }

  describeTransaction(transactionalId: string): Promise<TransactionDescription> {
    return this.transactions.describeTransaction(transactionalId)
  }

  findHangingTransactions(): Promise<readonly HangingTransactionDescription[]> {
    return this.transactions.findHangingTransactions()
  }

  abortTransaction(target: string | HangingTransactionDescription): Promise<void> {
    return this.transactions.abortTransaction(target)
  }

  fenceProducers(transactionalIds: readonly string[]): Promise<void> {
    return this.transactions.fenceProducers(transactionalIds)
  }

  addAccessRules(rules: readonly AccessRule[]): Promise<void> {
    return this.access.addAccessRules(rules)
  }

  removeAccessRules(filters: readonly AccessRuleFilter[]): Promise<readonly AccessRule[]> {
    return this.access.removeAccessRules(filters)
  }

  listAccessRules(filter?: AccessRuleFilter): Promise<readonly AccessRule[]> {
    return this.access.listAccessRules(filter)
  }

  alterQuotas(entity: QuotaEntity, changes: QuotaChanges): Promise<void> {
    return this.quotas.alterQuotas(entity, changes)
  }

  listQuotas(): Promise<readonly EntityQuotas[]> {
    return this.quotas.listQuotas()
  }
}
