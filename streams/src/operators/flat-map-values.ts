import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { listOf } from './list-of.ts'
import type { OperatorNode } from './node.ts'

export interface FlatMapValuesNode extends OperatorNode {
  readonly kind: 'flat-map-values'
  readonly mapper: (value: unknown, key: unknown, meta: Meta) => Iterable<unknown>
}

/** Any number of new values, in their order; key and timestamp stay. All are made before the first goes on. */
export function flatMapValues(node: FlatMapValuesNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const mapper = guarded((value: unknown, key: unknown, meta: Meta) => listOf(node.mapper(value, key, meta)), context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const values = mapper(rec.value, rec.key, record)
    if (values !== skipped) for (const value of values) out.next(new Rec(rec.key, value, rec.timestamp))
  })
}
