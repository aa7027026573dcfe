import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { listOf } from './list-of.ts'
import type { OperatorNode } from './node.ts'

export interface FlatMapNode extends OperatorNode {
  readonly kind: 'flat-map'
  readonly mapper: (value: unknown, key: unknown, meta: Meta) => Iterable<{ readonly key: unknown; readonly value: unknown }>
}

/** Any number of new keys and values, in their order; the timestamp stays. All are made before the first goes on. */
export function flatMap(node: FlatMapNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const mapper = guarded(
    (value: unknown, key: unknown, meta: Meta) =>
      listOf(node.mapper(value, key, meta)).map(({ key: k, value: v }) => [k, v] as const),
    context,
  )
  const { record } = context
  return operator((rec, out) => {
    context.node = node.name
    record.timestamp = rec.timestamp
    const mapped = mapper(rec.value, rec.key, record)
    if (mapped !== skipped) for (const [key, value] of mapped) out.next(new Rec(key, value, rec.timestamp))
  })
}
