import type { TopicId } from '../base/ids.ts'

export interface PartitionPlace {
  readonly topicId: TopicId
  readonly partition: number
}

/** The same for the same partition of the same topic; one that was deleted and made again is another. */
export function keyOf({ topicId, partition }: PartitionPlace): string {
  return `${topicId}/${partition}`
}
