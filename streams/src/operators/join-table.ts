import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import type { TableView } from './table-view.ts'

export interface JoinTableNode extends OperatorNode {
  readonly kind: 'join-table'
  readonly join: (value: unknown, other: unknown, key: unknown) => unknown
  readonly sides: 'inner' | 'left'
}

/**
 * Each record with the row of its key (KStream–KTable): as the table is now, or, of a versioned one, as it was at the record's
 * time. A null value is dropped and counted; so is a null key, which a left join lets through without a row (KIP-962).
 */
export function joinTable(node: JoinTableNode, table: TableView, context: TaskContext): OperatorFunction<Rec, Rec> {
  const joined = joining(node, table, context)
  return operator((rec, out) => {
    if (isDropped(node, rec, context)) return
    const result = joined(rec)
    if (result !== skipped) out.next(new Rec(rec.key, result, rec.timestamp))
  })
}

/** Counts the record when it takes no part in the join. */
export function isDropped(
  { name, sides }: Pick<JoinTableNode, 'name' | 'sides'>,
  { key, value }: Rec,
  context: TaskContext,
): boolean {
  if (value === null) context.drop('null-value', name)
  else if (key === null && sides === 'inner') context.drop('null-key', name)
  else return false
  return true
}

/** The value of the joined record; `skipped`: there is none. */
export function joining(
  { name, join, sides }: Pick<JoinTableNode, 'name' | 'join' | 'sides'>,
  table: TableView,
  context: TaskContext,
): (rec: Rec) => unknown {
  const call = guarded(join, context)
  return ({ key, value, timestamp }) => {
    const row = key === null ? undefined : table.at(key, timestamp)
    if (row === undefined && sides === 'inner') return skipped
    context.node = name
    context.record.timestamp = timestamp
    return call(value, row === undefined ? null : row.value, key)
  }
}
