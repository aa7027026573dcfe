/**
 * A sub-topology as one persistent RxJS topology of a task.
 *
 * Invariants
 *   B1  Everything is subscribed here, once; a record only calls `next` from node to node, depth first.
 *   B2  Branches run in the order in which the user wrote them: the topology is built from its ends to its sources.
 *   B3  What a node throws goes through to the caller of the entry, and the next record finds the topology as it was.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { Fan, fanTo } from '../rx/fan.ts'
import { countOf, inlet } from '../rx/operator.ts'
import { twoInlets } from '../rx/two-inlets.ts'
import type { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import { streamError } from '../time/stream-errors.ts'
import { aggregate, type AggregateNode } from './aggregate.ts'
import { deduplicate, type DeduplicateNode } from './deduplicate.ts'
import { delay, type DelayNode } from './delay.ts'
import { filter, type FilterNode } from './filter.ts'
import { flatMap, type FlatMapNode } from './flat-map.ts'
import { flatMapValues, type FlatMapValuesNode } from './flat-map-values.ts'
import { joinGlobal, type JoinGlobalNode } from './join-global.ts'
import { joinStreams, type JoinStreamsNode } from './join-streams.ts'
import { flowsOfTable, isTableNode, type TableOperatorNode } from './build-table-flows.ts'
import { keyedStep, type KeyedStepNode } from './keyed-step.ts'
import { map, type MapNode } from './map.ts'
import { mapAsync, type MapAsyncNode } from './map-async.ts'
import { mapValues, type MapValuesNode } from './map-values.ts'
import type { OperatorNode } from './node.ts'
import { forEach, peek, type ForEachNode, type PeekNode } from './peek.ts'
import { pipe, type PipeNode } from './pipe.ts'
import { process, type ProcessNode } from './process.ts'
import { route, type RouteNode } from './route.ts'
import { replay, type ReplayNode } from './replay.ts'
import { selectKey, type SelectKeyNode } from './select-key.ts'
import { split, type BranchNode, type SplitNode } from './split.ts'
import { silence, type SilenceNode } from './silence.ts'
import { suppress, type SuppressNode } from './suppress.ts'
import { to, type ToNode } from './to.ts'
import { toStream, type ToStreamNode } from './to-stream.ts'
import { topN, type TopNode } from './top-n.ts'
import { transform, type TransformNode } from './transform.ts'
import { windowAggregate, type WindowAggregateNode } from './window-aggregate.ts'
import { withHeaders, type WithHeadersNode } from './with-headers.ts'
import { withTimestamp, type WithTimestampNode } from './with-timestamp.ts'

interface SourceNode extends OperatorNode {
  readonly kind: 'source'
  readonly topics: readonly string[]
}

interface MergeNode extends OperatorNode {
  readonly kind: 'merge'
}

/** A node of a sub-topology; the plan's `TaskNode` passes. */
export type TopologyNode =
  | SourceNode
  | MergeNode
  | FilterNode
  | MapValuesNode
  | SelectKeyNode
  | MapNode
  | PipeNode
  | AggregateNode
  | WindowAggregateNode
  | ToStreamNode
  | SuppressNode
  | JoinGlobalNode
  | FlatMapNode
  | FlatMapValuesNode
  | PeekNode
  | ForEachNode
  | WithHeadersNode
  | WithTimestampNode
  | SplitNode
  | BranchNode
  | ProcessNode
  | JoinStreamsNode
  | TransformNode
  | RouteNode
  | KeyedStepNode
  | DeduplicateNode
  | DelayNode
  | SilenceNode
  | TopNode
  | ReplayNode
  | MapAsyncNode
  | ToNode
  | TableOperatorNode

/** Where the records of a topic go in: `next` returns when all that follows from the record is done. */
export interface Entry {
  next(rec: Rec): void
}

/** What a node has done so far, for metrics. Sources, branches and merges are not among them: they only pass on. */
export interface NodeCounts {
  readonly name: string
  /** Nothing stands behind it. */
  readonly isTerminal: boolean
  /** Records that came in. */
  readonly taken: number
  /** What `emitted` counts: what `suppress` let go, or final rows of windows; null: nothing. */
  readonly emits: 'suppressed' | 'final' | null
  readonly emitted: number
}

/** The running topology of one task. */
export interface TaskTopology {
  /** The entry of a source topic, decoded values. The same object each time. */
  source(topic: string): Entry
  readonly nodes: readonly NodeCounts[]
  /** Ends the users' own RxJS chains and closes their processors. @throws what these throw, when all are closed */
  close(): void
}

/**
 * Builds the topology of a task. The stores and stream times of the context are in place, restored.
 * @param parts `nodes`: topologically ordered, as in a `SubTopology` of the plan.
 */
export function buildTopology(parts: { readonly nodes: readonly TopologyNode[] }, context: TaskContext): TaskTopology {
  const builder = new TopologyBuilder(parts.nodes, context)
  for (const node of parts.nodes.toReversed()) builder.add(node)
  return builder.built
}

/** All are closed, whatever one of them throws; then the first of that is thrown. */
function closeAll(closes: readonly (() => void)[]): void {
  const failures: unknown[] = []
  for (const close of closes) {
    try {
      close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** Any record, also one with a change for its value: which it is, the graph has checked. */
type Flow = Subscriber<Rec>

/** What does nothing to a record. */
type Passage = SourceNode | MergeNode | BranchNode

function isPassage(node: TopologyNode): node is Passage {
  return node.kind === 'source' || node.kind === 'merge' || node.kind === 'branch'
}

function emitsOf(node: TopologyNode): NodeCounts['emits'] {
  if (node.kind === 'suppress') return 'suppressed'
  return node.kind === 'window-aggregate' && node.emit === 'final' ? 'final' : null
}

class TopologyBuilder {
  readonly #context: TaskContext
  /** What stands behind a node that is still to come, in the order of the user. */
  readonly #behind = new Map<string, Flow[]>()
  /** The same, by name. */
  readonly #children = new Map<string, Map<string, Flow>>()
  readonly #entries = new Map<string, Entry>()
  readonly #closes: (() => void)[] = []
  readonly #counts: NodeCounts[] = []
  readonly #nodes: ReadonlyMap<string, TopologyNode>

  constructor(nodes: readonly TopologyNode[], context: TaskContext) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]))
    this.#context = context
  }

  get built(): TaskTopology {
    const entries = this.#entries
    return {
      nodes: this.#counts.toReversed(),
      source: (topic) => entries.get(topic)!,
      close: () => {
        closeAll(this.#closes)
      },
    }
  }

  add(node: TopologyNode): void {
    const behind = this.#wayOut(node)
    if (node.kind === 'source') for (const topic of node.topics) this.#entries.set(topic, behind)
    if (isTableNode(node)) return this.#addTable(node, behind)
    const flows = this.#inletsOf(node, behind)
    if (!isPassage(node)) this.#count(node, flows, behind)
    // The last input first: where one node feeds several inputs, they get a record in their order.
    for (const [index, flow] of [...flows.entries()].toReversed()) this.#feed(node.inputs[index]!, node.name, flow)
  }

  /** What a node emits to; it counts, where that is asked for. */
  #wayOut(node: TopologyNode): Flow {
    const targets = this.#behind.get(node.name) ?? []
    return emitsOf(node) === null ? fanTo(targets) : new Fan(targets)
  }

  #count(node: TopologyNode, flows: readonly Flow[], behind: Flow): void {
    this.#counts.push({
      name: node.name,
      isTerminal: !this.#behind.has(node.name),
      emits: emitsOf(node),
      get taken() {
        return flows.reduce((sum, flow) => sum + countOf(flow), 0)
      },
      get emitted() {
        return behind instanceof Fan ? behind.count : 0
      },
    })
  }

  /** The way in of each input. */
  #inletsOf(node: Exclude<TopologyNode, TableOperatorNode>, behind: Flow): readonly Flow[] {
    if (isPassage(node)) return node.inputs.map(() => behind)
    if (node.kind === 'join-streams') return twoInlets(joinStreams(node, this.#context), behind)
    return [inlet(this.#operatorOf(node), behind)]
  }

  /** Each input has an operator of its own, or none when it is only looked up. The last one first: `#feed` goes to the front. */
  #addTable(node: TableOperatorNode, behind: Flow): void {
    const operators = flowsOfTable(node, (name) => this.#nodes.get(name)!, this.#context)
    const flows: Flow[] = []
    for (const [index, flow] of [...operators.entries()].toReversed()) {
      if (flow === null) continue
      flows.push(inlet(flow, behind))
      this.#feed(node.inputs[index]!, node.name, flows.at(-1)!)
    }
    this.#count(node, flows, behind)
  }

  /** Nodes come last first, so each goes to the front. */
  #feed(input: string, name: string, flow: Flow): void {
    this.#childrenOf(input).set(name, flow)
    const before = this.#behind.get(input)
    if (before === undefined) this.#behind.set(input, [flow])
    else before.unshift(flow)
  }

  #childrenOf(name: string): Map<string, Flow> {
    let children = this.#children.get(name)
    if (children === undefined) {
      children = new Map()
      this.#children.set(name, children)
    }
    return children
  }

  #operatorOf(node: Exclude<TopologyNode, Passage | JoinStreamsNode | TableOperatorNode>): OperatorFunction<Rec, Rec> {
    const context = this.#context
    switch (node.kind) {
      case 'filter':
        return filter(node, context)
      case 'map-values':
        return mapValues(node, context)
      case 'select-key':
        return selectKey(node, context)
      case 'map':
        return map(node, context)
      case 'pipe':
        return pipe(node, context, (close) => this.#closes.push(close))
      case 'map-async':
        return mapAsync(node, context, (close) => this.#closes.push(close))
      case 'aggregate':
        return aggregate(node, context)
      case 'window-aggregate':
        return windowAggregate(node, context)
      case 'to-stream':
        return toStream() as OperatorFunction<Rec, Rec>
      case 'suppress':
        return suppress(node, context) as OperatorFunction<Rec, Rec>
      case 'join-global':
        return joinGlobal(node, context)
      case 'flat-map':
        return flatMap(node, context)
      case 'flat-map-values':
        return flatMapValues(node, context)
      case 'peek':
        return peek(node, context)
      case 'for-each':
        return forEach(node, context)
      case 'with-headers':
        return withHeaders(node, context)
      case 'with-timestamp':
        return withTimestamp(node, context)
      case 'split':
        return split(node, context, (branch) => this.#childrenOf(node.name).get(`${node.name}-${branch}`)!)
      case 'process':
        return process(node, context, {
          childOf: (name) => this.#childrenOf(node.name).get(name),
          opened: (close) => this.#closes.push(close),
        })
      case 'transform':
        return transform(node, context, (close) => this.#closes.push(close))
      case 'route':
        return route(node, context)
      case 'scan':
      case 'distinct':
      case 'distinct-until-changed':
      case 'pairwise':
      case 'buffer-count':
      case 'take':
      case 'skip':
      case 'throttle-time':
        return keyedStep(node, context)
      case 'deduplicate':
        return deduplicate(node, context)
      case 'delay':
        return delay(node, context)
      case 'debounce-time':
      case 'timeout':
        return silence(node, context)
      case 'replay':
        return replay(node, context) as unknown as OperatorFunction<Rec, Rec>
      case 'top-n':
        return topN(node, context)
      case 'to':
        return to(node, context)
      default:
        return unknownNode(node)
    }
  }
}

/** Does not compile while a kind of node has no operator. */
function unknownNode(node: never): never {
  throw streamError('TOPOLOGY_INVALID', { what: 'a node that this version does not know', where: (node as OperatorNode).name })
}
