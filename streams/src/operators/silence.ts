/**
 * The twins that wait until a key has been silent for some time: `debounceTime` and `timeout`, in stream time.
 *
 * Invariants
 *   S1  Of a key at most one record waits, its newest; another one within the time, both ends included, takes its place.
 *   S2  What is due (its time + silence < stream time) is emitted before anything else of its key, with the time at which the silence
 *       was over.
 *   S3  A record that is not late and older than the one that waits was followed by that within the time: it does not wait.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import { guarded, skipped } from '../rx/guarded.ts'
import { emitter } from '../rx/operator.ts'
import { Rec } from '../task/rec.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { TimedValue } from '../time/timed-values.ts'
import type { OperatorNode } from './node.ts'
import { TimeQueue } from './time-queue.ts'

export interface SilenceNode extends OperatorNode {
  readonly kind: 'debounce-time' | 'timeout'
  readonly state: string
  readonly silenceMs: number
  readonly widthMs: number
  /** Of a timeout: what is emitted when the silence is over. Null: the last record, and none goes on otherwise. */
  readonly made: ((last: unknown, key: unknown) => unknown) | null
}

export function silence(node: SilenceNode, context: TaskContext): OperatorFunction<Rec, Rec> {
  const silences = new Silences(node, context)
  return emitter(
    (rec) => silences.take(rec),
    (out) => silences.emitTo(out),
  )
}

class Silences implements Closer {
  readonly #node: SilenceNode
  readonly #context: TaskContext
  readonly #queue: TimeQueue<unknown, unknown>
  readonly #time: StreamTime
  readonly #made: (last: unknown, key: unknown) => unknown
  readonly #passesOn: boolean
  #ended = false
  #idleMs = 0
  #out: Subscriber<Rec> | undefined

  constructor(node: SilenceNode, context: TaskContext) {
    this.#node = node
    this.#context = context
    this.#queue = new TimeQueue(context.windowStore(node.state), node.widthMs)
    this.#time = context.streamTime(node.state)
    this.#passesOn = node.made !== null
    this.#made = guarded(node.made ?? ((last) => last), context)
  }

  emitTo(out: Subscriber<Rec>): void {
    this.#out = out
    this.#context.addCloser(this)
    this.#askToEmit()
  }

  take(rec: Rec): void {
    if (rec.key === null) return this.#context.drop('null-key', this.#node.name)
    if (rec.value === null) return this.#context.drop('null-value', this.#node.name)
    const before = this.#time.now
    this.#time.advance(rec.timestamp)
    this.#idleMs = 0
    const isLate = rec.timestamp < this.#dueBefore
    if (isLate && !this.#passesOn) return this.#context.drop('late', this.#node.name)
    if (!isLate) this.#hold(rec, before)
    if (this.#passesOn) this.#out!.next(rec)
    this.#askToEmit()
  }

  closeDue(limit: number): boolean {
    for (let left = limit; left > 0; left--) {
      const first = this.#queue.peek(this.#dueBefore)
      if (first === undefined) break
      this.#queue.pop()
      this.#emit(first.key, first.value)
    }
    this.#queue.settle()
    return this.#isDue
  }

  idle(idleMs: number): void {
    this.#idleMs = idleMs
    this.#askToEmit()
  }

  /** RxJS's `debounceTime` emits what waits when its source completes, and `timeout` does not fire any more. */
  endOfInput(): void {
    this.#ended = !this.#passesOn
    this.#askToEmit()
  }

  /** `before`: stream time as it was; nothing that was due then waits any more. */
  #hold({ key, value, timestamp }: Rec, before: number): void {
    const held = this.#queue.between(key, before - this.#node.silenceMs, before).at(-1)
    if (held !== undefined && held.time > timestamp) return
    if (held !== undefined) this.#queue.removeAt(key, held.time)
    this.#queue.add(key, { time: timestamp, span: 0, stamp: timestamp, value })
    if (held !== undefined && held.time + this.#node.silenceMs < timestamp) this.#emit(key, held)
  }

  #askToEmit(): void {
    if (this.#isDue) this.#context.due(this)
  }

  get #isDue(): boolean {
    return this.#queue.peek(this.#dueBefore) !== undefined
  }

  get #dueBefore(): number {
    return this.#ended ? Infinity : this.#time.now + this.#idleMs - this.#node.silenceMs
  }

  #emit(key: unknown, last: TimedValue<unknown>): void {
    this.#context.node = this.#node.name
    const value = this.#made(last.value, key)
    if (value !== skipped) this.#out!.next(new Rec(key, value, last.time + this.#node.silenceMs))
  }
}
