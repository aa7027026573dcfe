import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { Answer } from './foreign-answer.ts'
import { leftHash } from './left-hash.ts'
import type { OperatorNode } from './node.ts'
import type { Writes } from './same-bytes.ts'
import type { ChangeRec } from './table.ts'
import type { TableView } from './table-view.ts'

export interface ForeignResolveNode extends OperatorNode {
  readonly kind: 'foreign-resolve'
  readonly join: (left: unknown, right: unknown, key: unknown) => unknown
  readonly sides: 'inner' | 'left'
  readonly value: Writes
}

/**
 * Third step of a foreign-key join (ResponseJoinProcessor): an answer meets the left row as it is now. One that was given to
 * another version of the row is stale, and goes nowhere: the row has asked again since. Nothing of a result is kept, so the value
 * that it replaces is not known, and the same result may come twice.
 */
export function foreignResolve(
  node: ForeignResolveNode,
  table: TableView,
  context: TaskContext,
): OperatorFunction<Rec<unknown, Answer>, ChangeRec> {
  const join = guarded(node.join, context)
  context.addLoop()
  return operator(({ key, value: answer, timestamp }, out) => {
    const left = table.get(key)?.value ?? null
    if (leftHash(node.value, left) !== answer.hash) return
    const isGone = left === null || (answer.value === null && node.sides === 'inner')
    context.node = node.name
    context.record.timestamp = timestamp
    const result = isGone ? null : join(left, answer.value, key)
    if (result !== skipped) out.next(new Rec(key, new Change<unknown>(result, null), timestamp))
  })
}
