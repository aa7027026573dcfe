import { describe, type TopologyDescription } from './describe.ts'
import { describeMermaid } from './describe-mermaid.ts'
import { describeText } from './describe-text.ts'
import type { GraphNode } from './node.ts'

/** What was built with a StreamsBuilder: immutable, and without any connection to a log. */
export class Topology {
  /** In topological order. */
  readonly nodes: readonly GraphNode[]

  constructor(nodes: readonly GraphNode[]) {
    this.nodes = Object.freeze([...nodes])
  }

  /** Whether a source matches its topics by a pattern. */
  get hasPatterns(): boolean {
    return this.nodes.some((node) => node.kind === 'source' && (node.settings?.pattern ?? null) !== null)
  }

  /** The sub-topologies, their sources, processors and sinks, in the text format of Kafka's `Topology#describe`. */
  describe(): string {
    return describeText(this.description())
  }

  /** The same as data; `JSON.stringify` may print it. */
  description(): TopologyDescription {
    return describe(this.nodes)
  }

  /** The same as a flowchart in Mermaid's language. */
  mermaid(): string {
    return describeMermaid(this.description())
  }
}
