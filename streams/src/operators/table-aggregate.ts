import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { changeOf } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import type { ChangeRec } from './table.ts'

export interface TableAggregateNode extends OperatorNode {
  readonly kind: 'table-aggregate'
  readonly store: string
  /** The total of the first value. */
  readonly start: (value: unknown, key: unknown, meta: Meta) => unknown
  readonly add: (total: unknown, value: unknown, key: unknown, meta: Meta) => unknown
  readonly subtract: (total: unknown, value: unknown, key: unknown, meta: Meta) => unknown
}

/**
 * One total a key over the rows of a table (KTableAggregate): the replaced value is subtracted, where there is a total, then the
 * new one is added; null removes the total. Its time is that of the newest change in it.
 */
export function tableAggregate(node: TableAggregateNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const start = guarded(node.start, context)
  const add = guarded(node.add, context)
  const subtract = guarded(node.subtract, context)
  const store = context.keyValueStore<unknown, unknown>(node.store)
  const { record } = context
  return operator(({ key, value: { next, previous }, timestamp }, out) => {
    context.node = node.name
    record.timestamp = timestamp
    const old = store.get(key)
    const before = old === undefined ? null : old.value
    const rest = before === null || previous === null ? before : subtract(before, previous, key, record)
    if (rest === skipped) return
    const total = next === null ? rest : rest === null ? start(next, key, record) : add(rest, next, key, record)
    if (total === skipped) return
    const time = old === undefined ? timestamp : Math.max(timestamp, old.timestamp)
    if (total === null) store.delete(key, time)
    else store.put(key, total, time)
    out.next(new Rec(key, changeOf(total, old), time))
  })
}
