import type { TopicId } from '../base/ids.ts'
import type { TopicsView, ViewedTopic } from '../coordinator/topics-view.ts'
import type { Topics } from './topics.ts'

/** The topics that there are, with a number that says that they have changed. */
export class TopicsNow implements TopicsView {
  private readonly topics: Topics
  private changes = 0

  constructor(topics: Topics) {
    this.topics = topics
    topics.metadata.onChange(() => this.changes++)
  }

  get version(): number {
    return this.changes
  }

  get names(): readonly string[] {
    return this.topics.names
  }

  find(name: string): ViewedTopic | undefined {
    return this.topics.has(name) ? this.topics.get(name) : undefined
  }

  nameOf(topicId: TopicId): string | undefined {
    return this.topics.nameOf(topicId)
  }
}
