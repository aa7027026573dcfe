/** What a topology consists of, as data: for descriptions in text, JSON and pictures. */
import { cut, type TaskNode } from './cut.ts'
import type { GlobalTableNode, GraphNode } from './node.ts'

/** As `JSON.stringify` may print it. Nodes stand in the order in which the user wrote them. */
export interface TopologyDescription {
  /** Each is run by tasks, one for a partition. */
  readonly subTopologies: readonly DescribedPart[]
  /** Each is held whole by every instance, and generates no tasks. Their ids go on behind those of the sub-topologies. */
  readonly globalStores: readonly DescribedPart[]
}

export interface DescribedPart {
  readonly id: number
  readonly nodes: readonly DescribedNode[]
}

export type DescribedNode = DescribedSource | DescribedProcessor | DescribedSink

export interface DescribedSource {
  readonly kind: 'source'
  readonly name: string
  readonly topics: readonly string[]
  /** The source of the expression that topics are found by; null: they are named. */
  readonly pattern: string | null
  /** Names of the nodes behind it. */
  readonly next: readonly string[]
}

export interface DescribedProcessor {
  readonly kind: 'processor'
  readonly name: string
  readonly stores: readonly string[]
  readonly next: readonly string[]
  /** Names of the nodes before it. */
  readonly previous: readonly string[]
}

export interface DescribedSink {
  readonly kind: 'sink'
  readonly name: string
  /** Null: a function chooses it for each record. */
  readonly topic: string | null
  /** The name of that function. */
  readonly chooser: string | null
  readonly previous: readonly string[]
}

export function describe(nodes: readonly GraphNode[]): TopologyDescription {
  const parts = cut(nodes)
  const tables = nodes.filter((node) => node.kind === 'global-table')
  return {
    subTopologies: parts.map(({ id, nodes: own }) => ({ id, nodes: own.map((node) => describeNode(node, own)) })),
    globalStores: tables.map((table, index) => ({ id: parts.length + index, nodes: describeTable(table) })),
  }
}

function describeNode(node: TaskNode, nodes: readonly TaskNode[]): DescribedNode {
  const { name, inputs: previous } = node
  const next = nodes.filter(({ inputs }) => inputs.includes(name)).map((behind) => behind.name)
  if (node.kind === 'source') {
    return { kind: 'source', name, topics: node.topics, pattern: node.settings?.pattern?.source ?? null, next }
  }
  if (node.kind === 'to') return { kind: 'sink', name, topic: node.topic, chooser: null, previous }
  if (node.kind === 'route') return { kind: 'sink', name, ...chosen(node.topic), previous }
  return { kind: 'processor', name, stores: storesOf(node), next, previous }
}

function chosen(topic: string | { readonly name: string }): Pick<DescribedSink, 'topic' | 'chooser'> {
  if (typeof topic === 'string') return { topic, chooser: null }
  return { topic: null, chooser: topic.name === '' ? 'function' : topic.name }
}

function storesOf(node: TaskNode): readonly string[] {
  if ('kept' in node) return node.kept.map(({ name }) => name)
  if ('store' in node) return [node.store]
  return 'stateStores' in node ? node.stateStores.map(({ name }) => name) : []
}

function describeTable({ name, topic, store }: GlobalTableNode): DescribedNode[] {
  const source = `${name}-source`
  return [
    { kind: 'source', name: source, topics: [topic], pattern: null, next: [name] },
    { kind: 'processor', name, stores: [store], next: [], previous: [source] },
  ]
}
