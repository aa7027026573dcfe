import type { TopicPartition } from '../../base/ids.ts'

/** Requests name each topic once, with its partitions. */
export function byTopic<T extends TopicPartition>(
  places: readonly T[],
): readonly { readonly name: string; readonly of: readonly T[] }[] {
  const topics = Map.groupBy(places, ({ topic }) => topic)
  return Array.from(topics, ([name, of]) => ({ name, of }))
}
