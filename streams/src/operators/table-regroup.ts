import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { sameBytes, type Writes } from './same-bytes.ts'
import type { OperatorNode } from './node.ts'
import type { ChangeRec } from './table.ts'

interface Grouped {
  readonly key: unknown
  readonly value: unknown
}

export interface TableRegroupNode extends OperatorNode {
  readonly kind: 'table-regroup'
  readonly selector: (value: unknown, key: unknown, meta: Meta) => Grouped
  readonly key: Writes
}

/**
 * Changes of a table under the key that the selector gives (KTableRepartitionMap). Where the new and the replaced value have the
 * same key, one record carries both, so no total is seen without either (KIP-904); otherwise the replaced one goes first. Null
 * as a key or value keeps a row out of its group; of a new row it is counted, which Kafka Streams does not. An older version of a
 * versioned table is left out and counted.
 */
export function tableRegroup(node: TableRegroupNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const selector = guarded(node.selector, context)
  const { record } = context
  const groupOf = (value: unknown, key: unknown): Grouped | typeof skipped | null =>
    value === null ? null : selector(value, key, record)
  return operator(({ key, value: change, timestamp }, out) => {
    if (!change.isLatest) return context.drop('out-of-order', node.name)
    context.node = node.name
    record.timestamp = timestamp
    const next = groupOf(change.next, key)
    if (next === skipped) return
    if (isOutside(next)) context.drop(next.key === null ? 'null-key' : 'null-value', node.name)
    const previous = groupOf(change.previous, key)
    const before = previous === null || previous === skipped || isOutside(previous) ? null : previous
    emit(node.key, isOutside(next) ? null : next, before, timestamp, out)
  })
}

function isOutside(grouped: Grouped | null): grouped is Grouped {
  return grouped !== null && (grouped.key === null || grouped.value === null)
}

function emit(
  serde: Writes,
  next: Grouped | null,
  previous: Grouped | null,
  timestamp: number,
  out: Subscriber<ChangeRec>,
): void {
  if (next !== null && previous !== null && sameBytes(serde, next.key, previous.key)) {
    return out.next(new Rec(next.key, new Change(next.value, previous.value), timestamp))
  }
  if (previous !== null) out.next(new Rec(previous.key, new Change<unknown>(null, previous.value), timestamp))
  if (next !== null) out.next(new Rec(next.key, new Change<unknown>(next.value, null), timestamp))
}
