import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import type { ChangeRec } from './table.ts'

export interface TableFilterNode extends OperatorNode {
  readonly kind: 'table-filter'
  readonly predicate: (value: unknown, key: unknown, meta: Meta) => boolean
  readonly quiet: boolean
}

/**
 * The rows for which the predicate holds (KTableFilter). A row that passed before and does not now is deleted; a deletion of
 * what had not passed goes nowhere, unless the replaced value is not known.
 */
export function tableFilter(node: TableFilterNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const predicate = guarded(node.predicate, context)
  const { record } = context
  return operator(({ key, value: change, timestamp }, out) => {
    context.node = node.name
    record.timestamp = timestamp
    const { next, previous, isLatest } = change
    const passes = next === null ? false : predicate(next, key, record)
    if (passes === skipped) return
    const passed = previous === null ? false : predicate(previous, key, record)
    const before = passed === skipped || !passed ? null : previous
    if (!passes && before === null && node.quiet) return
    out.next(new Rec(key, new Change(passes ? next : null, before, isLatest), timestamp))
  })
}
