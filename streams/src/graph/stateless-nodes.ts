/** Nodes that keep nothing from record to record, beside those that `node.ts` has itself. */
import type { Header } from '@millrace/core'
import type { Callback, KeyValue, OpenSegment } from './callbacks.ts'
import type { AnyNode } from './any-node.ts'

interface FlatMapNode extends AnyNode {
  readonly kind: 'flat-map'
  readonly mapper: Callback<Iterable<KeyValue>>
}

interface FlatMapValuesNode extends AnyNode {
  readonly kind: 'flat-map-values'
  readonly mapper: Callback<Iterable<unknown>>
}

/** peek: what it sees goes on. */
interface PeekNode extends AnyNode {
  readonly kind: 'peek'
  readonly look: Callback
}

/** forEach and print: the end of a branch. */
interface ForEachNode extends AnyNode {
  readonly kind: 'for-each'
  readonly look: Callback
}

interface WithHeadersNode extends AnyNode {
  readonly kind: 'with-headers'
  readonly headersOf: Callback<readonly Header[]>
}

interface WithTimestampNode extends AnyNode {
  readonly kind: 'with-timestamp'
  readonly timestampOf: Callback<number>
}

/** Gives each record to the first of its branches whose predicate holds. */
interface SplitNode extends AnyNode {
  readonly kind: 'split'
  /** In the order in which they are asked. */
  readonly branches: readonly SplitBranch[]
}

export interface SplitBranch {
  readonly branch: string
  /** Null: the branch of those that no predicate took. */
  readonly predicate: Callback<boolean> | null
}

/** One way out of a split. */
interface BranchNode extends AnyNode {
  readonly kind: 'branch'
  readonly branch: string
  readonly givenName: string
}

/** transformWith: an RxJS operator of the user's own on whole records. */
interface TransformNode extends AnyNode {
  readonly kind: 'transform'
  readonly givenName: string
  readonly open: OpenSegment
}

export type StatelessNode =
  | TransformNode
  | FlatMapNode
  | FlatMapValuesNode
  | PeekNode
  | ForEachNode
  | WithHeadersNode
  | WithTimestampNode
  | SplitNode
  | BranchNode
