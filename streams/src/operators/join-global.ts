import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

export interface JoinGlobalNode extends OperatorNode {
  readonly kind: 'join-global'
  /** Left: a record without a row goes on, too. */
  readonly sides: 'inner' | 'left'
  /** The store of the global table. */
  readonly table: string
  readonly on: (value: unknown, key: unknown, meta: Meta) => unknown
  readonly join: (value: unknown, other: unknown, key: unknown) => unknown
}

/**
 * The row of a global table that `on` names, joined to each record (KStream–GlobalKTable). Inner: no row, no record, and no key from
 * `on` is dropped and counted. Left: either joins null (KIP-962). A null value is dropped and counted.
 */
export function joinGlobal(node: JoinGlobalNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const on = guarded(node.on, context)
  const join = guarded(node.join, context)
  const table = context.globalStore<unknown, unknown>(node.table)
  const { record } = context
  const isLeft = node.sides === 'left'
  return operator(({ key, value, timestamp }, out) => {
    if (value === null) return context.drop('null-value', node.name)
    context.node = node.name
    record.timestamp = timestamp
    const tableKey = on(value, key, record)
    if (tableKey === skipped) return
    const hasKey = tableKey !== null && tableKey !== undefined
    if (!hasKey && !isLeft) return context.drop('null-key', node.name)
    const other = hasKey ? table.get(tableKey) : undefined
    if (other === undefined && !isLeft) return
    const joined = join(value, other?.value ?? null, key)
    if (joined !== skipped) out.next(new Rec(key, joined, timestamp))
  })
}
