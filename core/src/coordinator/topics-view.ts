import type { TopicId } from '../base/ids.ts'

/** The topics that there are, as groups see them whose coordinator shares out the partitions (KIP-848). */
export interface TopicsView {
  /** Another one after every change. */
  readonly version: number
  /** Undefined for a topic that is not there. */
  find(name: string): ViewedTopic | undefined
  /** Those that clients have made. */
  readonly names: readonly string[]
  /** Undefined for a topic that is gone. */
  nameOf(topicId: TopicId): string | undefined
}

export interface ViewedTopic {
  readonly topicId: TopicId
  readonly partitions: number
}

/** A number for what topics there are by these names, and how large. It fits into 53 bits. */
export function topicsHash(names: readonly string[], topics: TopicsView): number {
  let [low, high] = [0x811c9dc5, 0x1000193]
  for (const name of names) {
    const found = topics.find(name)
    if (found === undefined) continue
    for (const character of `${name}/${found.topicId}/${found.partitions};`) {
      const code = character.charCodeAt(0)
      low = Math.imul(low ^ code, 0x01000193)
      high = Math.imul(high ^ code, 0x85ebca6b) + (low >>> 15)
    }
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}
