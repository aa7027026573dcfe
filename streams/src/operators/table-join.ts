import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import type { ChangeRec } from './table.ts'
import type { TableView } from './table-view.ts'

type Join = (left: unknown, right: unknown, key: unknown) => unknown
type Sides = 'inner' | 'left' | 'outer'

export interface TableJoinNode extends OperatorNode {
  readonly kind: 'table-join'
  readonly join: Join
  readonly sides: Sides
}

/**
 * One side of a table–table join (KTableKTableInnerJoin, …LeftJoin, …RightJoin, …OuterJoin): each change meets the row of the
 * other table as it is now. Nothing is kept; the replaced result follows from the replaced value. As in Kafka Streams a deletion
 * goes on where the other side has a row, also of a result that never was. The time is that of the newer side.
 *
 * An older version of a versioned table is left out and counted (KIP-914).
 */
export function tableJoin(
  node: TableJoinNode,
  side: 'left' | 'right',
  other: TableView,
  context: TaskContext,
): OperatorFunction<ChangeRec, ChangeRec> {
  const join = guarded(node.join, context)
  const needsOther = node.sides === 'inner' || (node.sides === 'left' && side === 'right')
  return operator(({ key, value: change, timestamp }, out) => {
    if (!change.isLatest) return context.drop('out-of-order', node.name)
    const { next, previous } = change
    const row = other.get(key)
    if (row === undefined && (needsOther || (next === null && previous === null))) return
    context.node = node.name
    context.record.timestamp = timestamp
    const value = row === undefined ? null : row.value
    const result = (mine: unknown): unknown =>
      side === 'left' ? resultOf(node.sides, join, mine, value, key) : resultOf(node.sides, join, value, mine, key)
    const [now, before] = [result(next), result(previous)]
    if (now === skipped) return
    const time = row === undefined ? timestamp : Math.max(timestamp, row.timestamp)
    out.next(new Rec(key, new Change(now, before === skipped ? null : before), time))
  })
}

/** Null: the join has no row of it. */
export function resultOf(sides: Sides, join: Join, left: unknown, right: unknown, key: unknown): unknown {
  if (left === null && (right === null || sides !== 'outer')) return null
  if (right === null && sides === 'inner') return null
  return join(left, right, key)
}
