import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface FilterNode extends OperatorNode {
  readonly kind: 'filter'
  readonly predicate: (value: unknown, key: unknown, meta: Meta) => boolean
}

/** Lets the records through for which the predicate holds. */
export function filter(node: FilterNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const predicate = guarded(node.predicate, context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const passes = predicate(rec.value, rec.key, record)
    if (passes !== skipped && passes) out.next(rec)
  })
}
