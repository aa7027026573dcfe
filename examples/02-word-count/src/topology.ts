import { int64, string } from '@millrace/core'
import { StreamsBuilder, type Topology, type TopicSerdes } from '@millrace/streams'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'word-count'

export const lines: TopicSerdes<string, string> = { key: string, value: string }
export const counts: TopicSerdes<string, number> = { key: string, value: int64 }

export function wordCount(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('lines', lines)
    .flatMapValues(wordsOf)
    .selectKey((word) => word) // the type has no groupByKey now: equal words lie in several partitions
    .repartition({ name: 'by-word', key: string, value: string })
    .groupByKey()
    .count({ store: 'word-counts' })
    .toStream() // every update of the table
    .filter((count): count is number => count !== null)
    .to('word-counts', counts)
  return builder.build()
}

function wordsOf(line: string): readonly string[] {
  return line.toLowerCase().match(/\p{L}+/gu) ?? []
}
