import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import type { Segment, SegmentFaults } from '../rx/segment.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import { forwardedIn, type Forwarded } from './forwarded.ts'
import type { OperatorNode } from './node.ts'
import { Faults } from './pipe.ts'

export interface TransformNode extends OperatorNode {
  readonly kind: 'transform'
  readonly open: (faults: SegmentFaults) => Pick<Segment, 'push' | 'close'>
}

/**
 * An RxJS operator of the user's own on whole records. What it emits for a record is collected and then goes on, as in `pipe`.
 * `opened` gets what ends it with the task.
 */
export function transform(
  node: TransformNode,
  context: TaskContext,
  opened: (close: () => void) => void,
): OperatorFunction<Rec, Rec> {
  const segment = node.open(new Faults('transformWith', node, context))
  opened(() => segment.close())
  const { record } = context
  const push = guarded(({ key, value, timestamp }: Rec): readonly Forwarded[] => {
    const { headers } = record
    const emitted = segment.push({ key, value, timestamp, headers })
    return emitted.map((one) => forwardedIn(one, record, node.name))
  }, context)
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const emitted = push(rec)
    if (emitted === skipped) return
    const before = record.headers
    for (const { key, value, timestamp, headers } of emitted) {
      record.headers = headers
      out.next(new Rec(key, value, timestamp))
    }
    record.headers = before
  })
}
