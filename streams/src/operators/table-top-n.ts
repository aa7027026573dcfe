import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { changeOf } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import { RankedGroup, rankOrder, type PageStore, type Ranked } from './ranked-group.ts'
import { bytesOf, type Writes } from './same-bytes.ts'
import type { ChangeRec } from './table.ts'

export interface TableTopNode extends OperatorNode {
  readonly kind: 'table-top-n'
  /** The lists. */
  readonly state: string
  /** All rows of the groups, in pages. */
  readonly rows: string
  readonly count: number
  readonly value: Writes
  /** Below 0: `a` comes first. */
  readonly compare: (a: unknown, b: unknown) => number
}

/**
 * The first `count` rows of each group in the order of `compare`, as a table of lists; a list goes on when it has changed, and is deleted
 * with the last row of its group. What leaves a list is followed by the next best, so all rows are kept (ranked-group.ts). A replaced value
 * is found by its bytes; one that is not there, because it had failed, is left out. The time of a list is that of the newest change of it.
 */
export function tableTopN(node: TableTopNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const lists = context.keyValueStore<unknown, readonly unknown[]>(node.state)
  const pages = context.keyValueStore(node.rows) as PageStore
  const order = rankOrder(node.compare)
  const ranked = (value: unknown): Ranked => ({ value, bytes: bytesOf(node.value.write(value)) })
  const changed = guarded((key: unknown, { next, previous }: ChangeRec['value']) => {
    const group = new RankedGroup(pages, key, order)
    const before = group.first(node.count)
    if (previous !== null) group.remove(ranked(previous))
    if (next !== null) group.insert(ranked(next))
    return { group, before, after: group.first(node.count) }
  }, context)
  return operator(({ key, value: change, timestamp }, out) => {
    context.node = node.name
    context.record.timestamp = timestamp
    const result = changed(key, change)
    if (result === skipped) return
    const { group, before, after } = result
    group.save(timestamp)
    const old = lists.get(key)
    if (old !== undefined && isSame(before, after)) return
    if (old === undefined && after.length === 0) return
    const list = after.length === 0 ? null : after.map(({ value }) => value)
    const time = Math.max(timestamp, old?.timestamp ?? timestamp)
    if (list === null) lists.delete(key, time)
    else lists.put(key, list, time)
    out.next(new Rec(key, changeOf<unknown>(list, old), time))
  })
}

function isSame(a: readonly Ranked[], b: readonly Ranked[]): boolean {
  return a.length === b.length && a.every(({ bytes }, index) => Buffer.compare(bytes, b[index]!.bytes) === 0)
}
