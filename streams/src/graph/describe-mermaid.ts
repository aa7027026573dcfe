/**
 * A flowchart in Mermaid's language: topics as stadiums, stores as cylinders, a box for each sub-topology. GitHub and many editors draw
 * it from a code block that is marked `mermaid`.
 */
import type { DescribedNode, DescribedPart, TopologyDescription } from './describe.ts'

export function describeMermaid(description: TopologyDescription): string {
  return new Chart(description).lines.join('\n')
}

/** Names may hold what Mermaid reads as its own: nodes go by numbers, names stand in quotes. */
class Chart {
  readonly lines: string[] = ['flowchart TD']
  readonly #ids = new Map<string, string>()

  constructor({ subTopologies, globalStores }: TopologyDescription) {
    for (const part of subTopologies) this.#addPart(part, `Sub-topology ${part.id}`)
    for (const part of globalStores) this.#addPart(part, `Global store ${part.id}`)
    for (const part of [...subTopologies, ...globalStores]) for (const node of part.nodes) this.#addLinks(node)
  }

  #addPart({ id, nodes }: DescribedPart, title: string): void {
    this.lines.push(`  subgraph s${id}["${title}"]`)
    for (const node of nodes) this.#addNode(node)
    this.lines.push('  end')
  }

  #addNode(node: DescribedNode): void {
    this.lines.push(`    ${this.#id('node', node.name)}["${quoted(node.name)}"]`)
    if (node.kind !== 'processor') return
    for (const store of node.stores) {
      if (!this.#ids.has(keyOf('store', store))) this.lines.push(`    ${this.#id('store', store)}[("${quoted(store)}")]`)
    }
  }

  #addLinks(node: DescribedNode): void {
    const id = this.#id('node', node.name)
    if (node.kind === 'source') for (const topic of sourcesOf(node)) this.lines.push(`  ${this.#topic(topic)} --> ${id}`)
    if (node.kind === 'sink') this.lines.push(`  ${id} --> ${this.#topic(node.topic ?? `chosen by ${node.chooser}`)}`)
    if (node.kind === 'processor') for (const store of node.stores) this.lines.push(`  ${id} -.- ${this.#id('store', store)}`)
    if (node.kind !== 'sink') for (const behind of node.next) this.lines.push(`  ${id} --> ${this.#id('node', behind)}`)
  }

  /** Its shape is said where it is met first. */
  #topic(topic: string): string {
    const isNew = !this.#ids.has(keyOf('topic', topic))
    const id = this.#id('topic', topic)
    return isNew ? `${id}(["${quoted(topic)}"])` : id
  }

  #id(kind: Kind, name: string): string {
    const key = keyOf(kind, name)
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = `n${this.#ids.size}`
      this.#ids.set(key, id)
    }
    return id
  }
}

type Kind = 'node' | 'store' | 'topic'

function keyOf(kind: Kind, name: string): string {
  return `${kind} ${name}`
}

function sourcesOf({
  topics,
  pattern,
}: {
  readonly topics: readonly string[]
  readonly pattern: string | null
}): readonly string[] {
  return pattern === null ? topics : [`/${pattern}/`]
}

function quoted(name: string): string {
  return name.replaceAll('"', '#quot;')
}
