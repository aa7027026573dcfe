import type { OperatorFunction } from 'rxjs'
import { operator } from '../rx/operator.ts'
import { changeOf } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import type { ChangeRec } from './table.ts'

export interface MaterializeNode extends OperatorNode {
  readonly kind: 'materialize'
  readonly store: string
}

/** Keeps the rows of a table; the value that a change replaces is the one in the store. */
export function materialize(node: MaterializeNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const store = context.keyValueStore<unknown, unknown>(node.store)
  return operator(({ key, value: { next }, timestamp }, out) => {
    const old = store.get(key)
    if (next === null) store.delete(key, timestamp)
    else store.put(key, next, timestamp)
    out.next(new Rec(key, changeOf(next, old), timestamp))
  })
}
