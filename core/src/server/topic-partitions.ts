import { MillraceError } from '../base/errors.ts'
import { partitionName, type TopicPartition } from '../base/ids.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { wireErrorOf } from '../protocol/wire-error.ts'

/** Partitions as most messages name them: by topic. */
export interface TopicIndexes {
  readonly name: string
  readonly partitions: readonly number[]
}

export function placesOf(topics: readonly TopicIndexes[]): readonly TopicPartition[] {
  return topics.flatMap(({ name, partitions }) => partitions.map((partition) => ({ topic: name, partition })))
}

export function indexesOf(places: readonly TopicPartition[]): readonly TopicIndexes[] {
  const byTopic = Map.groupBy(places, ({ topic }) => topic)
  return Array.from(byTopic, ([name, own]) => ({ name, partitions: own.map(({ partition }) => partition) }))
}

/** The error of each place that `check` refuses, by its name. */
export function refusals(
  places: readonly TopicPartition[],
  check: (place: TopicPartition) => unknown,
): ReadonlyMap<string, number> {
  const refused = new Map<string, number>()
  for (const place of places) {
    const code = errorOf(() => check(place))
    if (code !== errorCodes.NONE) refused.set(partitionName(place), code)
  }
  return refused
}

function errorOf(check: () => unknown): number {
  try {
    check()
    return errorCodes.NONE
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return wireErrorOf(error)
  }
}
