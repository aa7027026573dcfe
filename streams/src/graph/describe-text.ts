/**
 * The text of Kafka's TopologyDescription, byte for byte in its form, so that viewers made for it show our topologies. Names of
 * nodes are ours, and nodes stand in the order in which the user wrote them.
 */
import type { DescribedNode, DescribedPart, DescribedSink, DescribedSource, TopologyDescription } from './describe.ts'

export function describeText({ subTopologies, globalStores }: TopologyDescription): string {
  const texts = [
    ...subTopologies.map((part) => `Sub-topology: ${part.id}\n${nodesOf(part)}\n`),
    ...globalStores.map((part) => `Sub-topology: ${part.id} for global store (will not generate tasks)\n${nodesOf(part)}`),
  ]
  return `Topologies:\n ${texts.map((text) => `  ${text}`).join('')}`
}

function nodesOf({ nodes }: DescribedPart): string {
  return nodes.map((node) => `${linesOf(node).join('\n')}\n`).join('')
}

function linesOf(node: DescribedNode): string[] {
  const { name } = node
  if (node.kind === 'source') return [`    Source: ${name} (topics: ${topicsOf(node)})`, next(node.next)]
  if (node.kind === 'sink') return [`    Sink: ${name} (${targetOf(node)})`, previous(node.previous)]
  return [`    Processor: ${name} (stores: [${node.stores.join(', ')}])`, next(node.next), previous(node.previous)]
}

function topicsOf({ topics, pattern }: DescribedSource): string {
  return pattern ?? `[${topics.join(', ')}]`
}

/** Kafka prints the class that chooses the topic. */
function targetOf({ topic, chooser }: DescribedSink): string {
  return topic === null ? `extractor class: ${chooser}` : `topic: ${topic}`
}

function next(names: readonly string[]): string {
  return `      --> ${names.length === 0 ? 'none' : names.join(', ')}`
}

function previous(names: readonly string[]): string {
  return `      <-- ${names.length === 0 ? 'none' : names.join(', ')}`
}
