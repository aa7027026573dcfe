/**
 * The logical graph: what the user wrote, as data.
 *
 * Invariants
 *   G1  A node is immutable, and comes after its inputs: the order in which nodes were made is topological.
 *   G2  Node names are unique and made from kind and position, where the user gave none; they stand in messages and descriptions,
 *       never on disk.
 *   G3  What is durable (stores, repartition topics) has a name given by the user, unique among both.
 *   G4  Nothing that needs its key in its own partition stands behind a changed key without a repartition between.
 */
import type { Serde, Serializer } from '@millrace/core'
import type { Windows } from '../time/windows.ts'
import type { AnyNode } from './any-node.ts'
import type { SuppressNode } from './suppress-node.ts'
import type { Adder, Callback, Joiner, KeyValue, OpenSegment, SessionMerge, Starter } from './callbacks.ts'
import type { ProcessNode } from './processor.ts'
import type { StatefulGraphNode } from './stateful-nodes.ts'
import type { RouteNode } from './route-node.ts'
import type { SourceSettings } from './source-settings.ts'
import type { StatelessNode } from './stateless-nodes.ts'
import type { TableGraphNode } from './table-nodes.ts'

export interface SourceNode extends AnyNode {
  readonly kind: 'source'
  /** Empty where a pattern matches them, until the topics of the log are known. */
  readonly topics: readonly string[]
  /** It feeds a table: null values are deletions. Default: a stream. */
  readonly table?: true
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly settings?: SourceSettings
}

/** A table that every instance holds whole. It is no part of any task. */
export interface GlobalTableNode extends AnyNode {
  readonly kind: 'global-table'
  readonly topic: string
  readonly store: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

interface FilterNode extends AnyNode {
  readonly kind: 'filter'
  readonly predicate: Callback<boolean>
}

interface MapValuesNode extends AnyNode {
  readonly kind: 'map-values'
  readonly mapper: Callback
}

interface SelectKeyNode extends AnyNode {
  readonly kind: 'select-key'
  readonly selector: Callback
}

interface MapNode extends AnyNode {
  readonly kind: 'map'
  readonly mapper: Callback<KeyValue>
}

/** RxJS operators of the user, on values. */
interface PipeNode extends AnyNode {
  readonly kind: 'pipe'
  readonly open: OpenSegment
}

interface MergeNode extends AnyNode {
  readonly kind: 'merge'
}

/** Where the graph is cut: a topic of its own between two sub-topologies. */
export interface RepartitionNode extends AnyNode {
  readonly kind: 'repartition'
  /** Given by the user; the topic is `<applicationId>-<topicName>-repartition`. */
  readonly topicName: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Null: as many as its sources have. */
  readonly partitions: number | null
  /** It has as many partitions as the topics that it meets behind it, whatever those before it have. */
  readonly follows?: true
  /** The partition of a record, or the bytes that decide it; null: its key decides. */
  readonly route?: (key: unknown, value: unknown) => number | Uint8Array | string | null
}

/** count, reduce and aggregate: one total a key. */
interface AggregateNode extends AnyNode {
  readonly kind: 'aggregate'
  readonly store: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly start: Starter
  readonly add: Adder
}

/** One total a key and window. `final`: emitted once, when its window is closed. `update`: a table. */
interface WindowAggregateNode extends AnyNode {
  readonly kind: 'window-aggregate'
  readonly store: string
  readonly windows: Windows
  readonly emit: 'final' | 'update'
  /** Of sessions; null otherwise. */
  readonly sessions: SessionMerge | null
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly start: Starter
  readonly add: Adder
}

interface ToStreamNode extends AnyNode {
  readonly kind: 'to-stream'
}

interface JoinGlobalNode extends AnyNode {
  readonly kind: 'join-global'
  /** Left: a record without a row goes on, too. */
  readonly sides: 'inner' | 'left'
  /** The store of the global table. */
  readonly table: string
  readonly on: Callback
  readonly join: Joiner
}

export interface SinkNode extends AnyNode {
  readonly kind: 'to'
  readonly topic: string
  readonly key: Serializer<unknown>
  readonly value: Serializer<unknown>
}

export type GraphNode =
  | SourceNode
  | GlobalTableNode
  | FilterNode
  | MapValuesNode
  | SelectKeyNode
  | MapNode
  | PipeNode
  | MergeNode
  | RepartitionNode
  | AggregateNode
  | WindowAggregateNode
  | ToStreamNode
  | SuppressNode
  | JoinGlobalNode
  | StatelessNode
  | ProcessNode
  | StatefulGraphNode
  | RouteNode
  | SinkNode
  | TableGraphNode

export type NodeKind = GraphNode['kind']
