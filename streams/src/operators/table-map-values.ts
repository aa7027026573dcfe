import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import type { ChangeRec } from './table.ts'

export interface TableMapValuesNode extends OperatorNode {
  readonly kind: 'table-map-values'
  readonly mapper: (value: unknown, key: unknown, meta: Meta) => unknown
}

/** New values of a table's rows (KTableMapValues). The replaced value is mapped again, since nothing is stored. */
export function tableMapValues(node: TableMapValuesNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const mapper = guarded(node.mapper, context)
  const { record } = context
  return operator(({ key, value: change, timestamp }, out) => {
    context.node = node.name
    record.timestamp = timestamp
    const next = change.next === null ? null : mapper(change.next, key, record)
    if (next === skipped) return
    const previous = change.previous === null ? null : mapper(change.previous, key, record)
    out.next(new Rec(key, new Change(next, previous === skipped ? null : previous, change.isLatest), timestamp))
  })
}
