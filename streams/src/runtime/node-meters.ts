import type { MetricScope } from '../metrics/metric-scope.ts'
import { Stat } from '../metrics/sampled.ts'
import type { GroupName } from '../metrics/stream-metric-catalogue.ts'
import type { NodeCounts } from '../operators/build-topology.ts'
import type { SourceSpec } from '../plan/plan.ts'
import type { InputQueue } from './input-queue.ts'
import type { Produced } from './task-outputs.ts'

/** The nodes of a task, and the topics at its two ends. */
export interface MeteredNodes {
  readonly subTopology: { readonly sources: readonly SourceSpec[] }
  readonly inputs: readonly InputQueue[]
  readonly topology: { readonly nodes: readonly NodeCounts[] }
  readonly outputs: { readonly produced: readonly Produced[] }
}

interface Scopes {
  open<G extends GroupName>(group: G, tags: Readonly<Record<string, string>>): MetricScope<G>
}

/** A node without successors: what it does last is the end of a record. */
interface Terminal {
  readonly node: NodeCounts
  readonly latency: Stat
  takenBefore: number
}

/** What is shown of the nodes of one task and of its topics: all of it is counted by others. */
export class NodeMeters {
  private readonly task: MeteredNodes
  private readonly scopes: Scopes
  /** Latencies of sources, by topic. */
  private readonly sources = new Map<string, Stat>()
  private readonly terminals: Terminal[] = []
  /** So many of `produced` are shown: topics that records choose come one by one. */
  private shown = 0

  constructor(task: MeteredNodes, scopes: Scopes) {
    this.task = task
    this.scopes = scopes
    for (const [node, topics] of Map.groupBy(task.subTopology.sources, (source) => source.node)) {
      this.showSource(
        node,
        topics.map(({ topic }) => topic),
      )
    }
    for (const node of task.topology.nodes) this.showNode(node)
    this.committed()
  }

  private showSource(node: string, topics: readonly string[]): void {
    const scope = this.openNode(node)
    const inputs = this.task.inputs.filter(({ topic }) => topics.includes(topic))
    const latency = new Stat()
    scope.counted('process', () => inputs.reduce((sum, { taken }) => sum + taken, 0))
    scope.spread('record-e2e-latency', latency)
    for (const input of inputs) {
      this.sources.set(input.topic, latency)
      const topic = this.openTopic(node, input.topic)
      topic.show('records-consumed-total', () => input.taken)
      topic.show('bytes-consumed-total', () => input.begunBytes)
    }
  }

  private showNode(node: NodeCounts): void {
    const scope = this.openNode(node.name)
    scope.counted('process', () => node.taken)
    if (node.emits === 'suppressed') scope.counted('suppression-emit', () => node.emitted)
    if (node.emits === 'final') scope.counted('emitted-records', () => node.emitted)
    if (!node.isTerminal) return
    const latency = new Stat()
    scope.spread('record-e2e-latency', latency)
    this.terminals.push({ node, latency, takenBefore: 0 })
  }

  private openNode(node: string): MetricScope<'stream-processor-node-metrics'> {
    return this.scopes.open('stream-processor-node-metrics', { 'processor-node-id': node })
  }

  private openTopic(node: string, topic: string): MetricScope<'stream-topic-metrics'> {
    return this.scopes.open('stream-topic-metrics', { 'processor-node-id': node, 'topic-name': topic })
  }

  /** A record that is measured comes in. */
  began(topic: string, latencyMs: number): void {
    this.sources.get(topic)?.record(latencyMs)
    for (const terminal of this.terminals) terminal.takenBefore = terminal.node.taken
  }

  /** It is done: it came to an end where more was taken since. */
  ended(latencyMs: number): void {
    for (const { node, latency, takenBefore } of this.terminals) if (node.taken > takenBefore) latency.record(latencyMs)
  }

  committed(): void {
    const { produced } = this.task.outputs
    for (; this.shown < produced.length; this.shown++) {
      const one = produced[this.shown]!
      const scope = this.openTopic(one.sink, one.topic)
      scope.show('records-produced-total', () => one.records)
      scope.show('bytes-produced-total', () => one.bytes)
    }
  }
}
