import { MillraceError } from '../base/errors.ts'
import { checkTopicName } from '../coordinator/metadata.ts'
import type { TopicConfig } from '../coordinator/topic-config.ts'
import type { Topics } from './topics.ts'

/** What topics are made of that nobody made (num.partitions, and the defaults of the log). */
export interface AutoCreatedTopics {
  readonly partitions: number
  readonly config: TopicConfig
}

/** Makes topics when they are first used, where that is allowed. */
export class AutoCreation {
  private readonly topics: Topics
  private readonly made: AutoCreatedTopics
  private readonly underWay = new Map<string, Promise<void>>()

  constructor(topics: Topics, made: AutoCreatedTopics) {
    this.topics = topics
    this.made = made
  }

  get partitions(): number {
    return this.made.partitions
  }

  /** Resolves when the topic is there, whoever made it. @throws INVALID_TOPIC_NAME, and what the log cannot write */
  make(topic: string): Promise<void> {
    if (this.topics.has(topic)) return Promise.resolve()
    let making = this.underWay.get(topic)
    if (making === undefined) {
      making = this.create(topic).finally(() => this.underWay.delete(topic))
      this.underWay.set(topic, making)
    }
    return making
  }

  private async create(topic: string): Promise<void> {
    try {
      await this.topics.create([{ topic, ...this.made }])
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'TOPIC_EXISTS') throw error
    }
  }

  /** Whether the topic is there; if not, that it could be made. @throws INVALID_TOPIC_NAME */
  has(topic: string): boolean {
    if (this.topics.has(topic)) return true
    checkTopicName(topic)
    return false
  }
}
