import type { GraphNode, SourceNode } from '../graph/node.ts'
import { streamError } from '../time/stream-errors.ts'

/**
 * The nodes, with the topics that sources by pattern read. Those of one source are sorted.
 * @param topics the names of all topics that are there, without the application's own
 * @throws SOURCE_TOPIC_MISSING when nothing matches; TOPOLOGY_INVALID when a topic that matches is read already
 */
export function matchTopics(nodes: readonly GraphNode[], topics: readonly string[]): readonly GraphNode[] {
  const readers = new Map(nodes.flatMap(readersOf))
  return nodes.map((node) => (node.kind === 'source' && patternOf(node) !== null ? matched(node, topics, readers) : node))
}

function patternOf({ settings }: SourceNode): RegExp | null {
  return settings?.pattern ?? null
}

function readersOf(node: GraphNode): readonly (readonly [string, string])[] {
  if (node.kind === 'source') return node.topics.map((topic) => [topic, node.name])
  return node.kind === 'global-table' ? [[node.topic, node.name]] : []
}

function matched(node: SourceNode, topics: readonly string[], readers: Map<string, string>): SourceNode {
  const { source, flags } = patternOf(node)!
  // A pattern that is global or sticky remembers where it was.
  const pattern = new RegExp(source, flags.replace(/[gy]/g, ''))
  const found = topics.filter((topic) => pattern.test(topic)).toSorted()
  if (found.length === 0)
    throw streamError('SOURCE_TOPIC_MISSING', { what: 'no topic matches the pattern', where: `${node.name}, ${source}` })
  for (const topic of found) {
    const reader = readers.get(topic)
    if (reader !== undefined) {
      const what = 'a topic that matches a pattern is read by another source too'
      throw streamError('TOPOLOGY_INVALID', { what, where: topic, received: `${reader} and ${node.name}` })
    }
    readers.set(topic, node.name)
  }
  return { ...node, topics: found }
}
