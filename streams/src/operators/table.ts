import type { OperatorFunction } from 'rxjs'
import { operator } from '../rx/operator.ts'
import { Change, changeOf } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import { VersionedRows } from './versioned-rows.ts'

export interface TableNode extends OperatorNode {
  readonly kind: 'table'
  readonly store: string
  readonly historyMs: number | null
}

export type ChangeRec = Rec<unknown, Change<unknown>>

/**
 * Records as the rows of a table (KTableSource): a null value deletes, a null key is dropped and counted. A record older than
 * its row is applied all the same, in offset order; a versioned table puts it where it belongs by its time, and drops and
 * counts what is older than its history (`late`).
 */
export function table(node: TableNode, context: TaskContext): OperatorFunction<Rec, ChangeRec> {
  return node.historyMs === null ? plain(node, context) : versioned(node, node.historyMs, context)
}

function plain(node: TableNode, context: TaskContext): OperatorFunction<Rec, ChangeRec> {
  const store = context.keyValueStore<unknown, unknown>(node.store)
  return operator(({ key, value, timestamp }, out) => {
    if (key === null) return context.drop('null-key', node.name)
    const old = store.get(key)
    if (value === null) store.delete(key, timestamp)
    else store.put(key, value, timestamp)
    out.next(new Rec(key, changeOf(value, old), timestamp))
  })
}

function versioned(node: TableNode, historyMs: number, context: TaskContext): OperatorFunction<Rec, ChangeRec> {
  const rows = VersionedRows.of(node.store, historyMs, context)
  return operator(({ key, value, timestamp }, out) => {
    if (key === null) return context.drop('null-key', node.name)
    const old = rows.get(key)
    const put = rows.put(key, value, timestamp)
    if (put === 'expired') return context.drop('late', node.name)
    out.next(new Rec(key, new Change(value, old === undefined ? null : old.value, put === 'latest'), timestamp))
  })
}
