import type { OperatorFunction } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import { leftHash } from './left-hash.ts'
import type { OperatorNode } from './node.ts'
import { sameBytes, type Writes } from './same-bytes.ts'
import type { ChangeRec } from './table.ts'

/** What the right side does. The numbers travel. */
export const instructions = { unsubscribe: 1, unsubscribeAndAnswer: 2, subscribeAndAnswer: 3, subscribe: 4 } as const

type Instruction = (typeof instructions)[keyof typeof instructions]

/** What a left row wants of its foreign key. */
export interface Subscription {
  readonly instruction: number
  readonly primaryKey: unknown
  /** Of the left value; null: it was deleted. */
  readonly hash: string | null
  /** Where the left row lies. */
  readonly partition: number
}

export interface ForeignSubscribeNode extends OperatorNode {
  readonly kind: 'foreign-subscribe'
  readonly on: (value: unknown, key: unknown, meta: Meta) => unknown
  readonly sides: 'inner' | 'left'
  readonly foreignKey: Writes
  readonly value: Writes
}

type Wanted = readonly [foreignKey: unknown, instruction: Instruction]

/**
 * First step of a foreign-key join (KIP-213, SubscriptionSendProcessor): each change of the left table becomes at most two
 * records, to the old foreign key and to the new one. A null foreign key is dropped and counted, unless the join is a left one:
 * then it is asked for all the same, and answered with nothing. An older version of a versioned table is left out and counted.
 */
export function foreignSubscribe(node: ForeignSubscribeNode, context: TaskContext): OperatorFunction<ChangeRec, Rec> {
  const on = guarded(node.on, context)
  const { record, partition } = context
  const foreignKeyOf = (value: unknown, key: unknown): unknown => (value === null ? null : (on(value, key, record) ?? null))
  return operator(({ key, value: change, timestamp }, out) => {
    if (!change.isLatest) return context.drop('out-of-order', node.name)
    context.node = node.name
    record.timestamp = timestamp
    const { next, previous } = change
    const to = foreignKeyOf(next, key)
    if (to === skipped) return
    if (to === null && next !== null && node.sides === 'inner') context.drop('null-key', node.name)
    const was = foreignKeyOf(previous, key)
    const from = was === skipped ? null : was
    if (next === null && previous === null) return
    const hash = leftHash(node.value, next)
    const same = from !== null && to !== null && sameBytes(node.foreignKey, from, to)
    for (const [foreignKey, instruction] of node.sides === 'left' ? ofLeft(from, to, same) : ofInner(from, to, same)) {
      const subscription: Subscription = { instruction, primaryKey: key, hash, partition }
      out.next(new Rec(foreignKey, subscription, timestamp))
    }
  })
}

/** A left join has a result for every left row, so it wants an answer in any case; to a deletion too. */
function ofLeft(from: unknown, to: unknown, same: boolean): readonly Wanted[] {
  const wanted: Wanted = [to, instructions.subscribeAndAnswer]
  return from === null || same ? [wanted] : [[from, instructions.unsubscribe], wanted]
}

/** An answer without a row is needed only where a result from before may have to go. */
function ofInner(from: unknown, to: unknown, same: boolean): readonly Wanted[] {
  if (to === null) return from === null ? [] : [[from, instructions.unsubscribeAndAnswer]]
  if (from === null || same) return [[to, instructions.subscribe]]
  return [
    [from, instructions.unsubscribe],
    [to, instructions.subscribeAndAnswer],
  ]
}
