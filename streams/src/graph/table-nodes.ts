/**
 * The nodes of tables. What flows between them is a change: the new value of a key and the one that it replaces.
 *
 * Invariants
 *   T1  A node with a store knows the value that a change replaces from it; `filter`, `mapValues` and joins take it from the
 *       change that comes in, so nothing but what has a name is stored.
 *   T2  Of a node with two inputs the first is the left one; an input that is only looked up is an input all the same, because
 *       its store must lie in the same task.
 */
import type { Serde } from '@millrace/core'
import type { AnyNode } from './any-node.ts'
import type { Adder, Callback, Joiner, KeyValue } from './callbacks.ts'

interface StoredTableNode extends AnyNode {
  readonly store: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

/** Records become the rows of a table: table(...) and toTable(...). */
interface TableNode extends StoredTableNode {
  readonly kind: 'table'
  /** The topic that the rows come from unchanged, so that it may stand for the changelog; null: they were made by operators. */
  readonly topic: string | null
  /** Milliseconds of older versions that it keeps, in a row of all versions of a key; null: only the newest value. */
  readonly historyMs: number | null
}

interface TableFilterNode extends AnyNode {
  readonly kind: 'table-filter'
  readonly predicate: Callback<boolean>
  /** A deletion of what had not passed is left out. False where the replaced value is not known. */
  readonly quiet: boolean
}

interface TableMapValuesNode extends AnyNode {
  readonly kind: 'table-map-values'
  readonly mapper: Callback
}

/** Keeps the table before it in a store. */
interface MaterializeNode extends StoredTableNode {
  readonly kind: 'materialize'
}

/** Of the updates of a table the last one of each key and commit. */
interface EmitEveryCommitNode extends AnyNode {
  readonly kind: 'emit-every-commit'
  readonly key: Serde<unknown>
}

/** groupBy of a table: each change on its way to another key, the replaced value and the new one. */
interface TableRegroupNode extends AnyNode {
  readonly kind: 'table-regroup'
  readonly selector: Callback<KeyValue>
  /** Of the new keys: which of them are equal, their bytes say. */
  readonly key: Serde<unknown>
}

/** count, reduce and aggregate of a grouped table. */
interface TableAggregateNode extends StoredTableNode {
  readonly kind: 'table-aggregate'
  readonly start: Callback
  readonly add: Adder
  readonly subtract: Adder
}

/** Which side of a join may be missing in a result. */
export type JoinKind = 'inner' | 'left' | 'outer'

interface TableJoinNode extends AnyNode {
  readonly kind: 'table-join'
  readonly join: Joiner
  readonly sides: JoinKind
}

/** A stream and the row of its key: inputs are the stream, then the table. */
interface JoinTableNode extends AnyNode {
  readonly kind: 'join-table'
  readonly join: Joiner
  readonly sides: 'inner' | 'left'
}

/** The same, later: records wait in the store until stream time is `graceMs` beyond them (KIP-923). */
interface JoinTableLaterNode extends StoredTableNode {
  readonly kind: 'join-table-later'
  readonly join: Joiner
  readonly sides: 'inner' | 'left'
  readonly graceMs: number
}

/** First step of a foreign-key join: each change of the left table says to the right side what it wants. */
interface ForeignSubscribeNode extends AnyNode {
  readonly kind: 'foreign-subscribe'
  readonly on: Callback
  readonly sides: 'inner' | 'left'
  readonly foreignKey: Serde<unknown>
  /** Of the left values: their bytes are hashed. */
  readonly value: Serde<unknown>
}

/** Second step, beside the right table: inputs are the subscriptions, then the table. */
interface ForeignAnswerNode extends StoredTableNode {
  readonly kind: 'foreign-answer'
  /** Of the left keys: where a subscriber stands among the others. */
  readonly primaryKey: Serde<unknown>
}

/** Third step, beside the left table: inputs are the answers, then the table. */
interface ForeignResolveNode extends AnyNode {
  readonly kind: 'foreign-resolve'
  readonly on: Callback
  /** The sink that the first step writes to: an answer that came too late is asked for again. */
  readonly asks: string
  readonly join: Joiner
  readonly sides: 'inner' | 'left'
  readonly value: Serde<unknown>
}

export type TableGraphNode =
  | TableNode
  | TableFilterNode
  | TableMapValuesNode
  | MaterializeNode
  | EmitEveryCommitNode
  | TableRegroupNode
  | TableAggregateNode
  | TableJoinNode
  | JoinTableNode
  | JoinTableLaterNode
  | ForeignSubscribeNode
  | ForeignAnswerNode
  | ForeignResolveNode
