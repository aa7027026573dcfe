/** The operators of tables, which may have several inputs: one for each of them. */
import type { OperatorFunction } from 'rxjs'
import type { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import { emitEveryCommit, type EmitEveryCommitNode } from './emit-every-commit.ts'
import { answerChanges, answerSubscriptions, type ForeignAnswerNode } from './foreign-answer.ts'
import { foreignResolve, type ForeignResolveNode } from './foreign-resolve.ts'
import { foreignSubscribe, type ForeignSubscribeNode } from './foreign-subscribe.ts'
import { joinTable, type JoinTableNode } from './join-table.ts'
import { joinTableLater, type JoinTableLaterNode } from './join-table-later.ts'
import { materialize, type MaterializeNode } from './materialize.ts'
import type { OperatorNode } from './node.ts'
import { tableAggregate, type TableAggregateNode } from './table-aggregate.ts'
import { tableFilter, type TableFilterNode } from './table-filter.ts'
import { tableJoin, type TableJoinNode } from './table-join.ts'
import { tableMapValues, type TableMapValuesNode } from './table-map-values.ts'
import { tableRegroup, type TableRegroupNode } from './table-regroup.ts'
import { tableTopN, type TableTopNode } from './table-top-n.ts'
import { viewOf, type TableView } from './table-view.ts'
import { table, type TableNode } from './table.ts'

export type TableOperatorNode =
  | TableNode
  | TableFilterNode
  | TableMapValuesNode
  | MaterializeNode
  | EmitEveryCommitNode
  | TableRegroupNode
  | TableAggregateNode
  | TableTopNode
  | TableJoinNode
  | JoinTableNode
  | JoinTableLaterNode
  | ForeignSubscribeNode
  | ForeignAnswerNode
  | ForeignResolveNode

type AnyOperator = OperatorFunction<Rec, Rec>

/** A node of the same sub-topology, by its name. */
type NodeOf = (name: string) => OperatorNode & { readonly kind: string }

const kinds: Readonly<Record<TableOperatorNode['kind'], true>> = {
  table: true,
  'table-filter': true,
  'table-map-values': true,
  materialize: true,
  'emit-every-commit': true,
  'table-regroup': true,
  'table-aggregate': true,
  'table-top-n': true,
  'table-join': true,
  'join-table': true,
  'join-table-later': true,
  'foreign-subscribe': true,
  'foreign-answer': true,
  'foreign-resolve': true,
}

export function isTableNode<N extends { readonly kind: string }>(node: N | TableOperatorNode): node is TableOperatorNode {
  return Object.hasOwn(kinds, node.kind)
}

/** What stands before each input of the node; null: the input is looked up, and its records do not come here. */
export function flowsOfTable(node: TableOperatorNode, nodeOf: NodeOf, context: TaskContext): readonly (AnyOperator | null)[] {
  const view = (index: number): TableView => viewOf(node.inputs[index]!, nodeOf, context, 'heard')
  const newest = (index: number): TableView => viewOf(node.inputs[index]!, nodeOf, context, 'newest')
  switch (node.kind) {
    case 'table-join':
      return [erased(tableJoin(node, 'left', view(1), context)), erased(tableJoin(node, 'right', view(0), context))]
    case 'join-table':
      return [joinTable(node, newest(1), context), null]
    case 'join-table-later':
      return [joinTableLater(node, newest(1), context), null]
    case 'foreign-answer':
      return [erased(answerSubscriptions(node, view(1), context)), erased(answerChanges(node, context))]
    case 'foreign-resolve':
      return [erased(foreignResolve(node, view(1), context)), null]
    default:
      return [oneInput(node, context)]
  }
}

type OneInputNode =
  | TableNode
  | TableFilterNode
  | TableMapValuesNode
  | MaterializeNode
  | EmitEveryCommitNode
  | TableRegroupNode
  | TableAggregateNode
  | TableTopNode
  | ForeignSubscribeNode

function oneInput(node: OneInputNode, context: TaskContext): AnyOperator {
  switch (node.kind) {
    case 'table':
      return erased(table(node, context))
    case 'table-filter':
      return erased(tableFilter(node, context))
    case 'table-map-values':
      return erased(tableMapValues(node, context))
    case 'materialize':
      return erased(materialize(node, context))
    case 'emit-every-commit':
      return erased(emitEveryCommit(node, context))
    case 'table-regroup':
      return erased(tableRegroup(node, context))
    case 'table-aggregate':
      return erased(tableAggregate(node, context))
    case 'table-top-n':
      return erased(tableTopN(node, context))
    default:
      return erased(foreignSubscribe(node, context))
  }
}

/** What flows between two nodes, the graph has checked. */
function erased<A, B>(flow: OperatorFunction<Rec<unknown, A>, Rec<unknown, B>>): AnyOperator {
  return flow as unknown as AnyOperator
}
