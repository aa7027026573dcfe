import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface SelectKeyNode extends OperatorNode {
  readonly kind: 'select-key'
  readonly selector: (value: unknown, key: unknown, meta: Meta) => unknown
}

/** A new key; value and timestamp stay. The record stays in its task, so the graph allows no keyed operator behind it. */
export function selectKey(node: SelectKeyNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const selector = guarded(node.selector, context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const key = selector(rec.value, rec.key, record)
    if (key !== skipped) out.next(new Rec(key, rec.value, rec.timestamp))
  })
}
