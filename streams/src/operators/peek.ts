import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

type Look = (value: unknown, key: unknown, meta: Meta) => unknown

export interface PeekNode extends OperatorNode {
  readonly kind: 'peek'
  readonly look: Look
}

export interface ForEachNode extends OperatorNode {
  readonly kind: 'for-each'
  readonly look: Look
}

/** Shows the record to user code, and lets it go on as it is. Where user code throws, it does not go on. */
export function peek(node: PeekNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const look = guarded(node.look, context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    if (look(rec.value, rec.key, record) !== skipped) out.next(rec)
  })
}

/** Shows the record to user code. Nothing stands behind it. */
export function forEach(node: ForEachNode, context: TaskContext): OperatorFunction<Rec, never> {
  const look = guarded(node.look, context)
  const { record } = context
  return operator((rec) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    look(rec.value, rec.key, record)
  })
}
