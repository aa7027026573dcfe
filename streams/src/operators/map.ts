import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface MapNode extends OperatorNode {
  readonly kind: 'map'
  readonly mapper: (value: unknown, key: unknown, meta: Meta) => { readonly key: unknown; readonly value: unknown }
}

/** A new key and a new value; the timestamp stays. */
export function map(node: MapNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const mapper = guarded(node.mapper, context)
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const mapped = mapper(rec.value, rec.key, record)
    if (mapped !== skipped) out.next(new Rec(mapped.key, mapped.value, rec.timestamp))
  })
}
