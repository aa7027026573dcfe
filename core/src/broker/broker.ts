import type { TopicPartition } from '../base/ids.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Metrics } from '../base/metrics.ts'
import type { World } from '../base/world.ts'
import { LogDirectory } from '../log/log-directory.ts'
import type { Durability, LogGeometry } from '../log/log-options.ts'
import { AccessControl } from './access-control.ts'
import { AutoCreation, type AutoCreatedTopics } from './auto-creation.ts'
import { consumerGroupSettings, type ConsumerGroupOptions } from './consumer-group-options.ts'
import { GroupSettings } from './group-settings.ts'
import { Groups } from './groups.ts'
import { Maintenance, type MaintenanceOptions } from './maintenance.ts'
import { defaultLogLimits, type LogLimits } from './log-limits.ts'
import { internalTopics } from './internal-topics.ts'
import { produce, type Produced } from './produce.ts'
import { ProducerIds } from './producer-ids.ts'
import { ScramUsers } from './scram-users.ts'
import { Quotas } from './quotas.ts'
import { Topics } from './topics.ts'
import { produceTransactional, type TransactionalProduce } from './transactional-produce.ts'
import { Transactions } from './transactions.ts'

export interface BrokerOptions {
  readonly world: World
  /** What the log counts and measures. */
  readonly metrics: Metrics<CoreMetrics>
  readonly folder: string
  readonly durability: Durability
  readonly geometry: LogGeometry
  /** Partitions of each coordinator topic. Fixed when the directory is made. */
  readonly coordinatorPartitions: number
  /** Transactions of one producer id before it is rotated. Default: Kafka's 32,767. */
  readonly epochLimit?: number | undefined
  /** What others are told who want the directory meanwhile. */
  readonly holder?: string | undefined
  /** Default: nothing happens by itself; `maintenance.run()` does. */
  readonly maintenance?: MaintenanceOptions | undefined
  /** Default: topics are made by nobody but `Topics.create`. */
  readonly autoCreateTopics?: AutoCreatedTopics | undefined
  /** Of the new consumer protocol. Default: as Kafka does. */
  readonly consumerGroups?: ConsumerGroupOptions | undefined
  /** Default: see `LogLimits`. */
  readonly limits?: LogLimits | undefined
}

/** The use cases of the log, without a wire: what the embedded client and the server both stand on. */
export class Broker {
  readonly directory: LogDirectory
  readonly topics: Topics
  readonly access: AccessControl
  readonly groups: Groups
  readonly groupSettings: GroupSettings
  readonly transactions: Transactions
  readonly producerIds: ProducerIds
  readonly scramUsers: ScramUsers
  readonly quotas: Quotas
  readonly maintenance: Maintenance
  readonly metrics: Metrics<CoreMetrics>
  /** Null where topics are not made by being used. */
  readonly autoCreation: AutoCreation | null

  private constructor(directory: LogDirectory, topics: Topics, options: BrokerOptions) {
    const { epochLimit, maintenance, autoCreateTopics, limits = defaultLogLimits } = options
    this.autoCreation = autoCreateTopics === undefined ? null : new AutoCreation(topics, autoCreateTopics)
    this.metrics = options.metrics
    this.directory = directory
    this.topics = topics
    this.access = new AccessControl(topics.metadata)
    this.groupSettings = new GroupSettings(topics.metadata, consumerGroupSettings(options.consumerGroups))
    const settingsOf = (group: string): ReturnType<GroupSettings['of']> => this.groupSettings.of(group)
    this.groups = new Groups(directory, topics, {
      topic: '__consumer_offsets',
      settingsOf,
      maxGroups: limits.maxGroups,
      metrics: options.metrics,
    })
    this.maintenance = new Maintenance(directory, topics, this.groups, maintenance)
    if (maintenance !== undefined) this.maintenance.start()
    topics.forgetNamesWith((names) => this.groups.forgetTopics(names))
    this.producerIds = new ProducerIds(topics)
    this.scramUsers = new ScramUsers(topics.metadata, directory.world.random)
    this.quotas = new Quotas(topics.metadata, directory.world.clock)
    this.transactions = new Transactions({
      directory,
      topics,
      groups: this.groups,
      producerIds: this.producerIds,
      topic: '__transaction_state',
      offsetsTopic: '__consumer_offsets',
      limits: { epochLimit },
      maxIds: limits.maxTransactionalIds,
      metrics: options.metrics,
    })
  }

  static async open(options: BrokerOptions): Promise<Broker> {
    const directory = await LogDirectory.open({ ...options, holder: options.holder ?? 'Millrace' })
    try {
      const { coordinatorPartitions, geometry, limits = defaultLogLimits } = options
      const internal = internalTopics(coordinatorPartitions, geometry.internalSegmentBytes)
      const topics = await Topics.open(directory, internal, limits.maxPartitions)
      const broker = new Broker(directory, topics, options)
      await broker.transactions.recover()
      return broker
    } catch (error) {
      await directory.abandon()
      throw error
    }
  }

  /** @throws CLOSED */
  assertOpen(): void {
    this.directory.assertOpen()
  }

  /** Appends one record batch that comes from outside; resolves when it is durable. See `produce`. */
  produce(to: TopicPartition, batch: Uint8Array): Promise<Produced> {
    return produce(this.directory, this.topics, to, batch)
  }

  /** The same inside a transaction. See `produceTransactional`. */
  produceTransactional(request: TransactionalProduce): Promise<Produced> {
    return produceTransactional(this.transactions, this.topics, request)
  }

  async close(): Promise<void> {
    await this.transactions.close()
    await this.maintenance.stop()
    this.groups.close()
    await this.directory.close()
  }
}
