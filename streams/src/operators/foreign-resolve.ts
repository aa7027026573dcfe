import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { operator } from '../rx/operator.ts'
import { Change } from '../task/change.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { Stamped } from '../task/stores.ts'
import type { Output, TaskContext } from '../task/task-context.ts'
import type { Answer } from './foreign-answer.ts'
import { instructions, type Subscription } from './foreign-subscribe.ts'
import { leftHash } from './left-hash.ts'
import type { OperatorNode } from './node.ts'
import type { Writes } from './same-bytes.ts'
import type { ChangeRec } from './table.ts'
import type { TableView } from './table-view.ts'

export interface ForeignResolveNode extends OperatorNode {
  readonly kind: 'foreign-resolve'
  readonly on: (value: unknown, key: unknown, meta: Meta) => unknown
  readonly join: (left: unknown, right: unknown, key: unknown) => unknown
  readonly sides: 'inner' | 'left'
  readonly value: Writes
  /** The sink of the subscriptions. */
  readonly asks: string
}

/**
 * Third step of a foreign-key join (ResponseJoinProcessor): an answer meets the left row as it is now. Nothing of a result is kept,
 * so the value that it replaces is not known, and the same result may come twice.
 *
 * Invariants
 *   F1  An answer that was given to another version of the left row is stale, and makes no result.
 *   F2  A stale null was to delete a result, and the version that stands now may never have been answered (an inner join is not told
 *       of rows that are missing). So it is asked for again; without a foreign key the result is deleted at once. Kafka Streams
 *       drops it and keeps the result for good; where nothing overtakes anything both write the same.
 */
export function foreignResolve(
  node: ForeignResolveNode,
  table: TableView,
  context: TaskContext,
): OperatorFunction<Rec<unknown, Answer>, ChangeRec> {
  const answers = new Answers(node, table, context)
  context.addLoop()
  return operator((rec, out) => answers.take(rec, out))
}

class Answers {
  readonly #node: ForeignResolveNode
  readonly #table: TableView
  readonly #context: TaskContext
  readonly #join: (left: unknown, right: unknown, key: unknown) => unknown
  readonly #on: (value: unknown, key: unknown, meta: Meta) => unknown
  readonly #asks: Output<unknown, Subscription>

  constructor(node: ForeignResolveNode, table: TableView, context: TaskContext) {
    this.#node = node
    this.#table = table
    this.#context = context
    this.#join = guarded(node.join, context)
    this.#on = guarded(node.on, context)
    this.#asks = context.output(node.asks)
  }

  take({ key, value: answer, timestamp }: Rec<unknown, Answer>, out: Subscriber<ChangeRec>): void {
    this.#context.node = this.#node.name
    this.#context.record.timestamp = timestamp
    const row = this.#table.get(key)
    const left = row?.value ?? null
    const isInner = this.#node.sides === 'inner'
    if (leftHash(this.#node.value, left) === answer.hash) {
      const isGone = left === null || (answer.value === null && isInner)
      const result = isGone ? null : this.#join(left, answer.value, key)
      if (result !== skipped) out.next(new Rec(key, new Change<unknown>(result, null), timestamp))
    } else if (answer.value === null && isInner && !this.#askAgain(key, row)) {
      out.next(new Rec(key, new Change<unknown>(null, null), timestamp))
    }
  }

  /** False: there is nothing to ask for. */
  #askAgain(primaryKey: unknown, row: Stamped<unknown> | undefined): boolean {
    if (row === undefined) return false
    const foreignKey = this.#on(row.value, primaryKey, this.#context.record) ?? null
    if (foreignKey === null || foreignKey === skipped) return false
    const { partition, record } = this.#context
    const hash = leftHash(this.#node.value, row.value)
    const subscription = { instruction: instructions.subscribeAndAnswer, primaryKey, hash, partition }
    this.#asks.append(foreignKey, subscription, row.timestamp, record.headers)
    return true
  }
}
