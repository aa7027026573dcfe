import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { changeOf, type Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

/** How totals are made, of count, reduce and aggregate. */
export interface Totals {
  /** The total after the first value. */
  readonly start: (value: unknown, key: unknown, meta: Meta) => unknown
  /** The total after one more value; null removes it. */
  readonly add: (total: unknown, value: unknown, key: unknown, meta: Meta) => unknown
}

export interface AggregateNode extends OperatorNode, Totals {
  readonly kind: 'aggregate'
  readonly store: string
}

/**
 * One total a key; every update goes on as a change (KStreamAggregate). A null key or value is dropped and counted. The
 * time of a total is that of the newest record in it, so a late record updates the value and leaves the time.
 */
export function aggregate(node: AggregateNode, context: TaskContext): OperatorFunction<Rec, Rec<unknown, Change<unknown>>> {
  const start = guarded(node.start, context)
  const add = guarded(node.add, context)
  const store = context.keyValueStore<unknown, unknown>(node.store)
  const { record } = context
  return operator(({ key, value, timestamp }, out) => {
    if (key === null) return context.drop('null-key', node.name)
    if (value === null) return context.drop('null-value', node.name)
    context.node = node.name
    record.timestamp = timestamp
    const old = store.get(key)
    const total = old === undefined ? start(value, key, record) : add(old.value, value, key, record)
    if (total === skipped) return
    const time = old === undefined ? timestamp : Math.max(timestamp, old.timestamp)
    if (total === null) store.delete(key, time)
    else store.put(key, total, time)
    out.next(new Rec(key, changeOf(total, old), time))
  })
}
