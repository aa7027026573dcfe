import type { OperatorFunction } from 'rxjs'
import { operator } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface ToNode extends OperatorNode {
  readonly kind: 'to'
}

/** The end of a branch: the record goes to the sink's topic with the headers of the input it belongs to. */
export function to(node: ToNode, context: TaskContext): OperatorFunction<Rec, never> {
  const output = context.output<unknown, unknown>(node.name)
  const { record } = context
  return operator((rec) => {
    context.node = node.name
    output.append(rec.key, rec.value, rec.timestamp, record.headers)
  })
}
