import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { checkTimestamp } from './forwarded.ts'
import type { OperatorNode } from './node.ts'

export interface WithTimestampNode extends OperatorNode {
  readonly kind: 'with-timestamp'
  readonly timestampOf: (value: unknown, key: unknown, meta: Meta) => number
}

/** Another timestamp for everything that stands behind it. The stream time of the task is that of its inputs. */
export function withTimestamp(node: WithTimestampNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const timestampOf = guarded(
    (value: unknown, key: unknown, meta: Meta) => checkTimestamp(node.timestampOf(value, key, meta), node.name),
    context,
  )
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const timestamp = timestampOf(rec.value, rec.key, record)
    if (timestamp !== skipped) out.next(new Rec(rec.key, rec.value, timestamp))
  })
}
