import type { TopicId } from '../base/ids.ts'

/** Partitions by the id of their topic; no topic has an empty set. Never changed, once it is made. */
export type PartitionSets = ReadonlyMap<TopicId, ReadonlySet<number>>

export const noPartitions: PartitionSets = new Map()

/** One partition by its topic's id. */
export interface PlaceById {
  readonly topicId: TopicId
  readonly partition: number
}

export function setsOf(places: Iterable<PlaceById>): PartitionSets {
  const sets = new Map<TopicId, Set<number>>()
  for (const { topicId, partition } of places) {
    const set = sets.get(topicId)
    if (set === undefined) sets.set(topicId, new Set([partition]))
    else set.add(partition)
  }
  return sets
}

export function placesIn(sets: PartitionSets): readonly PlaceById[] {
  const places: PlaceById[] = []
  for (const [topicId, partitions] of sets) for (const partition of partitions) places.push({ topicId, partition })
  return places
}

/** In the order of topics and partitions, for records and answers. */
export function sortedSets(
  sets: PartitionSets,
): readonly { readonly topicId: TopicId; readonly partitions: readonly number[] }[] {
  return Array.from(sets, ([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions].toSorted((a, b) => a - b),
  })).toSorted((a, b) => (a.topicId < b.topicId ? -1 : 1))
}

export function filterSets(sets: PartitionSets, keeps: (place: PlaceById) => boolean): PartitionSets {
  return setsOf(placesIn(sets).filter(keeps))
}

export function has(sets: PartitionSets, { topicId, partition }: PlaceById): boolean {
  return sets.get(topicId)?.has(partition) === true
}

export function intersection(a: PartitionSets, b: PartitionSets): PartitionSets {
  return filterSets(a, (place) => has(b, place))
}

export function difference(a: PartitionSets, b: PartitionSets): PartitionSets {
  return filterSets(a, (place) => !has(b, place))
}

export function union(a: PartitionSets, b: PartitionSets): PartitionSets {
  return b.size === 0 ? a : setsOf([...placesIn(a), ...placesIn(b)])
}

export function isSubset(a: PartitionSets, b: PartitionSets): boolean {
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId)
    if (others === undefined) return false
    for (const partition of partitions) if (!others.has(partition)) return false
  }
  return true
}

export function sameSets(a: PartitionSets, b: PartitionSets): boolean {
  return a === b || (isSubset(a, b) && isSubset(b, a))
}
