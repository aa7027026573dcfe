import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface MapValuesNode extends OperatorNode {
  readonly kind: 'map-values'
  readonly mapper: (value: unknown, key: unknown, meta: Meta) => unknown
}

/** A new value; key and timestamp stay. */
export function mapValues(node: MapValuesNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const mapper = guarded(node.mapper, context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const value = mapper(rec.value, rec.key, record)
    if (value !== skipped) out.next(new Rec(rec.key, value, rec.timestamp))
  })
}
