/** A topic's identity: 16 bytes as 32 hexadecimal digits. It changes when a topic is deleted and made again. */
export type TopicId = string

/** One partition of a topic, by name. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** The name of a partition in messages and of its folder: `<topic>-<partition>`. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
