import type { OperatorFunction } from 'rxjs'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import { instructions, type Subscription } from './foreign-subscribe.ts'
import type { OperatorNode } from './node.ts'
import type { Writes } from './same-bytes.ts'
import { Subscribers } from './subscribers.ts'
import type { ChangeRec } from './table.ts'
import type { TableView } from './table-view.ts'

/** The foreign value, for the left row that had the hash. */
export interface Answer {
  readonly hash: string | null
  /** Where the left row lies. */
  readonly partition: number
  readonly value: unknown
}

export interface ForeignAnswerNode extends OperatorNode {
  readonly kind: 'foreign-answer'
  readonly store: string
  readonly primaryKey: Writes
}

/**
 * Second step of a foreign-key join, for what the left side sends (SubscriptionReceiveProcessor, SubscriptionJoinProcessor): keeps
 * or forgets the subscription, then answers with the foreign row as it is now. The time is that of the newer of both.
 */
export function answerSubscriptions(
  node: ForeignAnswerNode,
  table: TableView,
  context: TaskContext,
): OperatorFunction<Rec<unknown, Subscription>, Rec<unknown, Answer>> {
  const subscribers = new Subscribers(node.store, node.primaryKey, context)
  return operator(({ key: foreignKey, value: { instruction, primaryKey, hash, partition }, timestamp }, out) => {
    if (foreignKey !== null && isLeaving(instruction)) subscribers.delete(foreignKey, primaryKey, timestamp)
    else if (foreignKey !== null) subscribers.put(foreignKey, { primaryKey, hash, partition }, timestamp)
    if (instruction === instructions.unsubscribe) return
    const row = foreignKey === null ? undefined : table.get(foreignKey)
    if (row === undefined && instruction === instructions.subscribe) return
    const value = row === undefined || isLeaving(instruction) ? null : row.value
    const time = row === undefined ? timestamp : Math.max(timestamp, row.timestamp)
    out.next(new Rec(primaryKey, { hash, partition, value }, time))
  })
}

/** The same step, for changes of the right table (ForeignTableJoinProcessor): every subscriber hears of it, at the change's time. */
export function answerChanges(node: ForeignAnswerNode, context: TaskContext): OperatorFunction<ChangeRec, Rec<unknown, Answer>> {
  const subscribers = new Subscribers(node.store, node.primaryKey, context)
  return operator(({ key: foreignKey, value: { next, isLatest }, timestamp }, out) => {
    if (!isLatest) return context.drop('out-of-order', node.name)
    for (const { primaryKey, hash, partition } of subscribers.of(foreignKey)) {
      out.next(new Rec(primaryKey, { hash, partition, value: next }, timestamp))
    }
  })
}

function isLeaving(instruction: number): boolean {
  return instruction === instructions.unsubscribe || instruction === instructions.unsubscribeAndAnswer
}
