import type { Broker } from '../../broker/broker.ts'
import { offsetForTime } from '../../broker/offset-for-time.ts'
import type { Admin, NewTopic, OffsetQuery, TopicDescription } from '../admin.ts'
import type { CommittedPosition } from '../producer.ts'

/** The administration of the embedded log. */
export class EmbeddedAdmin implements Admin {
  private readonly broker: Broker

  constructor(broker: Broker) {
    this.broker = broker
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    await this.broker.topics.create(topics.map(({ topic, partitions, config }) => ({ topic, partitions, config: { ...config } })))
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await this.broker.topics.delete(topics)
  }

  async listTopics(options: { readonly internal?: boolean } = {}): Promise<readonly string[]> {
    const topics = this.broker.topics.list()
    return topics.filter(({ internal }) => !internal || options.internal === true).map(({ topic }) => topic)
  }

  async describeTopics(topics: readonly string[]): Promise<readonly (TopicDescription | null)[]> {
    return topics.map((topic) => this.broker.topics.describe(topic) ?? null)
  }

  async alterTopicConfig(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    await this.broker.topics.alterConfig(topic, changes)
  }

  async listOffsets(queries: readonly OffsetQuery[]): Promise<readonly number[]> {
    return Promise.all(queries.map((query) => this.offset(query)))
  }

  private async offset({ topic, partition, at }: OffsetQuery): Promise<number> {
    const log = this.broker.topics.log({ topic, partition })
    switch (at) {
      case 'earliest':
        return log.startOffset
      case 'latest':
        return log.highWatermark
      case 'stable':
        return log.lastStableOffset
      default:
        return offsetForTime(log, at)
    }
  }

  async groupOffsets(group: string): Promise<readonly CommittedPosition[]> {
    return this.broker.groups.positions(group)
  }
}
