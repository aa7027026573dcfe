import type { TaskNode } from '../graph/cut.ts'

/** For each node of a sub-topology the topics whose records reach it. */
export function sourceTopicsBehind(nodes: readonly TaskNode[]): ReadonlyMap<string, readonly string[]> {
  const behind = new Map<string, readonly string[]>()
  for (const node of nodes) {
    const topics = node.kind === 'source' ? node.topics : node.inputs.flatMap((input) => behind.get(input) ?? [])
    behind.set(node.name, [...new Set(topics)])
  }
  return behind
}
