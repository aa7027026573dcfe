import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Meta } from '../task/record-context.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'

/** What a step may do beside giving the next state. */
interface StepOut {
  emit(value: unknown): void
  /** The record is too old to be judged. */
  late(): void
}

export interface KeyedStepNode extends OperatorNode {
  readonly kind: 'scan' | 'distinct' | 'distinct-until-changed' | 'pairwise' | 'buffer-count' | 'take' | 'skip' | 'throttle-time'
  readonly state: string
  /** What the state belongs to, where that is not the key alone. */
  readonly stateKey: ((value: unknown, key: unknown, meta: Meta) => unknown) | null
  /** The next state; undefined: it stays, null: there is none any more. */
  readonly step: (state: unknown, value: unknown, key: unknown, meta: Meta, out: StepOut) => unknown
}

/**
 * The durable twins that look at one record of a key after the other: state is in a store, per key, where RxJS has one for all.
 * Records are taken in the order in which they come. A null key or value is dropped and counted. What a step emits has the time
 * of its record; a step that throws leaves the state as it was, and has emitted nothing.
 */
export function keyedStep(node: KeyedStepNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const steps = new KeyedSteps(node, context)
  return emitter(
    (rec) => steps.take(rec),
    (out) => steps.emitTo(out),
  )
}

class KeyedSteps {
  readonly #node: KeyedStepNode
  readonly #context: TaskContext
  readonly #step: (rec: Rec, stateKey: unknown) => unknown
  readonly #stateKey: (value: unknown, key: unknown, meta: Meta) => unknown
  readonly #emitted: unknown[] = []
  #out: Subscriber<Rec> | undefined

  constructor(node: KeyedStepNode, context: TaskContext) {
    this.#node = node
    this.#context = context
    const { record } = context
    const store = context.keyValueStore<unknown, unknown>(node.state)
    const out: StepOut = { emit: (value) => void this.#emitted.push(value), late: () => context.drop('late', node.name) }
    this.#stateKey = guarded(node.stateKey ?? ((_value, key) => key), context)
    const step = guarded(node.step, context)
    this.#step = ({ key, value, timestamp }, stateKey) => {
      const next = step(store.get(stateKey)?.value, value, key, record, out)
      if (next === null) store.delete(stateKey, timestamp)
      else if (next !== undefined && next !== skipped) store.put(stateKey, next, timestamp)
      return next
    }
  }

  emitTo(out: Subscriber<Rec>): void {
    this.#out = out
  }

  take(rec: Rec): void {
    if (rec.key === null) return this.#context.drop('null-key', this.#node.name)
    if (rec.value === null) return this.#context.drop('null-value', this.#node.name)
    this.#context.node = this.#node.name
    this.#context.record.timestamp = rec.timestamp
    this.#emitted.length = 0
    const stateKey = this.#stateKey(rec.value, rec.key, this.#context.record)
    if (stateKey === skipped || this.#step(rec, stateKey) === skipped) return
    for (const value of this.#emitted) this.#out!.next(new Rec(rec.key, value, rec.timestamp))
  }
}
