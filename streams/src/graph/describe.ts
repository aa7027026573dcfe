/**
 * The text of Kafka's TopologyDescription, byte for byte in its form, so that viewers made for it show our topologies. Names of
 * nodes are ours, and nodes stand in the order in which the user wrote them.
 */
import { cut, type Part, type TaskNode } from './cut.ts'
import type { GlobalTableNode, GraphNode, SourceNode } from './node.ts'
import type { RouteNode } from './route-node.ts'

export function describe(nodes: readonly GraphNode[]): string {
  const parts = cut(nodes)
  const tables = nodes.filter((node) => node.kind === 'global-table')
  const texts = [...parts.map(part), ...tables.map((table, i) => globalTable(table, parts.length + i))]
  return `Topologies:\n ${texts.map((text) => `  ${text}`).join('')}`
}

function part({ id, nodes }: Part): string {
  return [`Sub-topology: ${id}`, ...nodes.flatMap((node) => taskNode(node, nodes)), '', ''].join('\n')
}

function taskNode(node: TaskNode, nodes: readonly TaskNode[]): string[] {
  const before = node.inputs
  const after = nodes.filter(({ inputs }) => inputs.includes(node.name)).map(({ name }) => name)
  if (node.kind === 'source') return [`    Source: ${node.name} (topics: ${topicsOf(node)})`, next(after)]
  if (node.kind === 'to') return [`    Sink: ${node.name} (topic: ${node.topic})`, previous(before)]
  if (node.kind === 'route') return [`    Sink: ${node.name} (${routeOf(node)})`, previous(before)]
  return [`    Processor: ${node.name} (stores: [${storesOf(node).join(', ')}])`, next(after), previous(before)]
}

function topicsOf({ topics, settings }: SourceNode): string {
  return settings?.pattern?.source ?? `[${topics.join(', ')}]`
}

/** Kafka prints the class that chooses the topic. */
function routeOf({ topic }: RouteNode): string {
  return typeof topic === 'string' ? `topic: ${topic}` : `extractor class: ${topic.name === '' ? 'function' : topic.name}`
}

function storesOf(node: TaskNode): readonly string[] {
  if ('kept' in node) return node.kept.map(({ name }) => name)
  if ('store' in node) return [node.store]
  return 'stateStores' in node ? node.stateStores.map(({ name }) => name) : []
}

function globalTable({ name, topic, store }: GlobalTableNode, id: number): string {
  return [
    `Sub-topology: ${id} for global store (will not generate tasks)`,
    `    Source: ${name}-source (topics: [${topic}])`,
    next([name]),
    `    Processor: ${name} (stores: [${store}])`,
    next([]),
    previous([`${name}-source`]),
    '',
  ].join('\n')
}

function next(names: readonly string[]): string {
  return `      --> ${names.length === 0 ? 'none' : names.join(', ')}`
}

function previous(names: readonly string[]): string {
  return `      <-- ${names.length === 0 ? 'none' : names.join(', ')}`
}
