import type { OperatorFunction, Subscriber } from 'rxjs'
import { emitter } from '../rx/operator.ts'
import type { HeldRows } from '../task/held-updates.ts'
import { Rec } from '../task/rec.ts'
import type { Closer } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import { keyText, type Writes } from './same-bytes.ts'
import type { ChangeRec } from './table.ts'

export interface EmitEveryCommitNode extends OperatorNode {
  readonly kind: 'emit-every-commit'
  readonly key: Writes
}

/**
 * The last update of each key and commit, in the order of these updates, each with the record that it belongs to: what Kafka Streams'
 * record cache does when it is large enough never to evict (KIP-63), but not a matter of its size. The replaced value is the one that went
 * on last. At the end of the input everything goes on; operators behind it close after that.
 */
export function emitEveryCommit(node: EmitEveryCommitNode, context: TaskContext): OperatorFunction<ChangeRec, ChangeRec> {
  const gate = new CommitGate(node.name, context)
  return emitter(
    ({ key, value, timestamp }) => gate.hold(keyText(node.key, key), key, value, timestamp),
    (out) => gate.openOnto(out),
  )
}

class CommitGate implements Closer {
  readonly #context: TaskContext
  readonly #rows: HeldRows
  readonly #node: string
  #out: Subscriber<ChangeRec> | undefined
  #ended = false

  constructor(node: string, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#rows = context.held.rowsOf(node)
  }

  openOnto(out: Subscriber<ChangeRec>): void {
    this.#out = out
    this.#context.addCloser(this)
    this.#context.held.add(this.#node, (limit) => this.#letGo(limit))
  }

  hold(text: string, key: unknown, change: ChangeRec['value'], timestamp: number): void {
    this.#rows.hold(text, key, change, timestamp, this.#context.record)
    if (this.#ended) this.#context.due(this)
  }

  closeDue(limit: number): boolean {
    this.#letGo(limit)
    return this.#rows.size > 0
  }

  /** What stands behind hears of the end when it has everything. */
  endOfInput(): void {
    this.#ended = true
    if (this.#rows.size > 0) this.#context.due(this)
  }

  #letGo(limit: number): void {
    const { record } = this.#context
    for (let left = limit; left > 0; left--) {
      const held = this.#rows.next()
      if (held === undefined) return
      Object.assign(record, held.place)
      record.timestamp = held.timestamp
      this.#out!.next(new Rec(held.key, held.change, held.timestamp))
    }
  }
}
