import type { OperatorFunction, Subscriber } from 'rxjs'
import { emitter } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { OperatorNode } from './node.ts'
import { TimeQueue } from './time-queue.ts'

export interface DelayNode extends OperatorNode {
  readonly kind: 'delay'
  readonly state: string
  readonly delayMs: number
  readonly widthMs: number
}

/**
 * RxJS's `delay` in stream time: a record of time t comes out with time t + delay, when stream time has come to that; at once, when
 * it already has. Those of one key come by their time. The end of the input lets all of them out. Headers do not wait with it.
 */
export function delay(node: DelayNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const delayed = new Delayed(node, context)
  return emitter(
    (rec) => delayed.take(rec),
    (out) => delayed.emitTo(out),
  )
}

class Delayed implements Closer {
  readonly #context: TaskContext
  readonly #queue: TimeQueue<unknown, unknown>
  readonly #time: StreamTime
  readonly #delayMs: number
  readonly #name: string
  #ended = false
  #idleMs = 0
  #out: Subscriber<Rec> | undefined

  constructor({ name, state, delayMs, widthMs }: DelayNode, context: TaskContext) {
    this.#context = context
    this.#queue = new TimeQueue(context.windowStore(state), widthMs)
    this.#time = context.streamTime(state)
    this.#delayMs = delayMs
    this.#name = name
  }

  emitTo(out: Subscriber<Rec>): void {
    this.#out = out
    this.#context.addCloser(this)
    this.#askToEmit()
  }

  take({ key, value, timestamp }: Rec): void {
    if (key === null) return this.#context.drop('null-key', this.#name)
    this.#time.advance(timestamp)
    this.#idleMs = 0
    if (timestamp + this.#delayMs <= this.#time.now) this.#emit(key, value, timestamp)
    else this.#queue.add(key, { time: timestamp, span: 0, stamp: timestamp, value })
    this.#askToEmit()
  }

  closeDue(limit: number): boolean {
    for (let left = limit; left > 0; left--) {
      const first = this.#queue.peek(this.#dueBefore)
      if (first === undefined) break
      this.#queue.pop()
      this.#emit(first.key, first.value.value, first.value.time)
    }
    this.#queue.settle()
    return this.#queue.peek(this.#dueBefore) !== undefined
  }

  idle(idleMs: number): void {
    this.#idleMs = idleMs
    this.#askToEmit()
  }

  endOfInput(): void {
    this.#ended = true
    this.#askToEmit()
  }

  #askToEmit(): void {
    if (this.#queue.peek(this.#dueBefore) !== undefined) this.#context.due(this)
  }

  get #dueBefore(): number {
    return this.#ended ? Infinity : this.#time.now + this.#idleMs - this.#delayMs + 1
  }

  #emit(key: unknown, value: unknown, timestamp: number): void {
    this.#out!.next(new Rec(key, value, timestamp + this.#delayMs))
  }
}
