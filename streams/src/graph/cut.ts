/**
 * Cuts the graph at its repartition topics.
 *
 * A repartition becomes a sink here and a source there; what is then connected is a sub-topology. Sub-topologies are numbered
 * by the position of their first node, which is a source, so that a graph that grows at its end keeps its numbers.
 */
import type { GlobalTableNode, GraphNode, RepartitionNode, SinkNode, SourceNode } from './node.ts'

/** A node as a task runs it. */
export type TaskNode = Exclude<GraphNode, SourceNode | SinkNode | RepartitionNode | GlobalTableNode> | TaskSource | TaskSink

export interface TaskSource extends SourceNode {
  /** The repartition whose reading half it is. Its topic has no prefix yet: the graph knows no application id. */
  readonly repartition: RepartitionNode | null
}

export interface TaskSink extends SinkNode {
  /** The repartition whose writing half it is. */
  readonly repartition: RepartitionNode | null
}

/** Nodes that are connected without a topic between, in topological order. */
export interface Part {
  readonly id: number
  readonly nodes: readonly TaskNode[]
}

export function cut(nodes: readonly GraphNode[]): readonly Part[] {
  const halved = halve(nodes)
  const parts = new Map<string, TaskNode[]>()
  const rootOf = connect(halved)
  for (const node of halved) {
    const root = rootOf(node.name)
    const part = parts.get(root)
    if (part === undefined) parts.set(root, [node])
    else part.push(node)
  }
  return [...parts.values()].map((part, id) => ({ id, nodes: part }))
}

/** The nodes in their order, each repartition as its two halves. */
function halve(nodes: readonly GraphNode[]): readonly TaskNode[] {
  const repartitions = new Set(nodes.filter(({ kind }) => kind === 'repartition').map(({ name }) => name))
  const input = (name: string): string => (repartitions.has(name) ? readerOf(name) : name)
  return nodes.flatMap((node): TaskNode[] => {
    const inputs = node.inputs.map(input)
    if (node.kind === 'global-table') return []
    if (node.kind === 'repartition') return [writingHalf(node, inputs), readingHalf(node)]
    if (node.kind === 'source' || node.kind === 'to') return [{ ...node, inputs, repartition: null }]
    return [{ ...node, inputs }]
  })
}

function writingHalf(repartition: RepartitionNode, inputs: readonly string[]): TaskSink {
  const { name, key, value } = repartition
  return { kind: 'to', name: sinkOf(name), inputs, topic: topicOf(repartition), key, value, repartition }
}

function readingHalf(repartition: RepartitionNode): TaskSource {
  const { name, key, value } = repartition
  return { kind: 'source', name: readerOf(name), inputs: [], topics: [topicOf(repartition)], key, value, repartition }
}

/** The node that writes what goes through the repartition. */
export function sinkOf(repartition: string): string {
  return `${repartition}-sink`
}

function readerOf(repartition: string): string {
  return `${repartition}-source`
}

function topicOf({ topicName }: RepartitionNode): string {
  return `${topicName}-repartition`
}

/** Processors that share a store run in one task. */
function usersOfStores(nodes: readonly TaskNode[]): Iterable<readonly string[]> {
  const users = new Map<string, string[]>()
  for (const node of nodes) {
    if (node.kind !== 'process') continue
    for (const { name } of node.stateStores) users.set(name, [...(users.get(name) ?? []), node.name])
  }
  return users.values()
}

/** Gives the function from a node to the first node of its part. */
function connect(nodes: readonly TaskNode[]): (name: string) => string {
  const parents = new Map(nodes.map(({ name }) => [name, name]))
  const rootOf = (name: string): string => {
    const parent = parents.get(name) ?? name
    return parent === name ? name : rootOf(parent)
  }
  for (const { name, inputs } of nodes) for (const input of inputs) parents.set(rootOf(name), rootOf(input))
  for (const [first, ...others] of usersOfStores(nodes)) for (const other of others) parents.set(rootOf(other), rootOf(first!))
  return rootOf
}
