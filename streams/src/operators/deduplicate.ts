import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import type { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import { TimeRows } from './time-rows.ts'

export interface DeduplicateNode extends OperatorNode {
  readonly kind: 'deduplicate'
  readonly state: string
  readonly withinMs: number
  readonly widthMs: number
  /** Equal ones are duplicates. */
  readonly identity: (value: unknown, key: unknown, meta: Meta) => unknown
}

/**
 * The first record of an identity goes on, others whose time lies at most `within` from its time do not, also when they are older.
 * One that is older than stream time by more than `within` can not be judged for sure: it is dropped as late. Kafka Streams has
 * no such operator (KIP-655 was never voted on).
 */
export function deduplicate(node: DeduplicateNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const seen = new Seen(node, context)
  return emitter(
    (rec) => seen.take(rec),
    (out) => seen.emitTo(out),
  )
}

class Seen implements Closer {
  readonly #node: DeduplicateNode
  readonly #context: TaskContext
  readonly #rows: TimeRows<unknown, null>
  readonly #time: StreamTime
  readonly #identity: (value: unknown, key: unknown, meta: Meta) => unknown
  #out: Subscriber<Rec> | undefined

  constructor(node: DeduplicateNode, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#rows = new TimeRows(context.windowStore(node.state), node.widthMs)
    this.#time = context.streamTime(node.state)
    this.#identity = guarded(node.identity, context)
  }

  emitTo(out: Subscriber<Rec>): void {
    this.#out = out
    this.#context.addCloser(this)
  }

  take(rec: Rec): void {
    const { withinMs } = this.#node
    const { key, value, timestamp } = rec
    if (key === null) return this.#context.drop('null-key', this.#node.name)
    if (value === null) return this.#context.drop('null-value', this.#node.name)
    this.#time.advance(timestamp)
    if (timestamp < this.#time.now - withinMs) return this.#context.drop('late', this.#node.name)
    this.#context.node = this.#node.name
    this.#context.record.timestamp = timestamp
    const identity = this.#identity(value, key, this.#context.record)
    if (identity === skipped) return
    if (this.#rows.between(identity, timestamp - withinMs, timestamp + withinMs).length > 0) return
    this.#rows.add(identity, { time: timestamp, span: 0, stamp: timestamp, value: null })
    if (this.#rows.isDue(this.#keptFrom)) this.#context.due(this)
    this.#out!.next(rec)
  }

  closeDue(limit: number): boolean {
    this.#rows.expireSome(this.#keptFrom, this.#time.now, limit)
    return this.#rows.isDue(this.#keptFrom)
  }

  endOfInput(): void {}

  /** The oldest record that is still judged looks back once more as far. */
  get #keptFrom(): number {
    return this.#time.now - 2 * this.#node.withinMs
  }
}
