/**
 * Calls to the outside for the values of a stream: what has begun and not ended is state.
 *
 *   store    (key, number of the input) → value, and the record that it came with; numbers rise as inputs come
 *   memory   the same inputs: called │ waiting for one of `concurrency`, the oldest first │ waiting for the one of their key before them
 *
 * Invariants
 *   M1  An input is in the store from the event that took it to the event that emits its result or gives it up: each is in one
 *       transaction with its positions and outputs. So whatever is committed, each input is in the store, or its result is written.
 *   M2  A result, or all values of one, is emitted in an event of its own, with the topic, partition, offset, timestamp and headers of
 *       its input.
 *   M3  With order by key a call begins when the one of its key before it has ended, so results of a key arrive in its order.
 *       Records without a key have no order among them.
 *   M4  At most `concurrency` calls have begun and not ended; one that waits for its retry counts.
 *   M5  With `most` inputs it is full, and the task takes no more: above that it has only what one event brings.
 *   M6  A closed one ignores what arrives. Its inputs are in the store, and are called again, the first to come first: a call is made
 *       at least once, its result is written once.
 *
 * Calls end in any order, so the timestamps behind it are less in order than those before it: windows behind it need as much grace as
 * calls may take in stream time.
 */
import type { OperatorFunction, Subscriber } from 'rxjs'
import type { Serializer } from '@millrace/core'
import { emitter } from '../rx/operator.ts'
import type { Completions, Holder } from '../task/completions.ts'
import { Rec } from '../task/rec.ts'
import type { WindowStore } from '../task/stores.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { PendingInput } from '../time/pending-input.ts'
import { streamError } from '../time/stream-errors.ts'
import { listOf } from './list-of.ts'
import type { OperatorNode } from './node.ts'
import { OutsideCall, type AsyncMapper, type CallInput, type CallOptions, type Outcome, type RetryPlan } from './outside-call.ts'

export interface MapAsyncNode extends OperatorNode {
  readonly kind: 'map-async'
  /** Of the inputs that are not done. */
  readonly pending: string
  readonly key: Serializer<unknown>
  readonly mapper: AsyncMapper
  /** A result is an iterable of values, each of which goes on. */
  readonly isFlat: boolean
  readonly concurrency: number
  readonly order: 'key' | 'none'
  readonly timeoutMs: number
  readonly retry: RetryPlan
  /** Null: as the application's error policy says. */
  readonly onFailure: 'fail' | 'skip' | null
}

/** `opened` is given what closes it. */
export function mapAsync(
  node: MapAsyncNode,
  context: TaskContext,
  opened: (close: () => void) => void,
): OperatorFunction<Rec, Rec> {
  const calls = new AsyncCalls(node, context)
  opened(() => calls.close())
  return emitter(
    (rec) => calls.take(rec),
    (out) => calls.openOnto(out),
  )
}

/** Inputs that a task holds, where few calls are allowed at a time. */
const leastMost = 256
/** And for each call that is allowed: what waits while others wait for their key. */
const mostPerCall = 4

/** An input that is in the store. */
interface Held extends CallInput {
  readonly number: number
  /** What its key is told by; null: it has no order. */
  readonly keyText: string | null
  /** The next one of its key. */
  next: Held | undefined
}

class AsyncCalls implements Holder {
  readonly #node: MapAsyncNode
  readonly #context: TaskContext
  readonly #completions: Completions
  readonly #store: WindowStore<unknown, PendingInput<unknown>>
  readonly #options: CallOptions
  readonly #most: number
  /** The one that came last of each key that has any. */
  readonly #lastOfKey = new Map<string, Held>()
  /** May be called, as they came: few, and what is added is mostly the last. */
  readonly #callable: Held[] = []
  readonly #calling = new Set<OutsideCall>()
  #pending = 0
  #number = 0
  #out: Subscriber<Rec> | undefined
  #isClosed = false

  constructor(node: MapAsyncNode, context: TaskContext) {
    const { name, timeoutMs, retry, concurrency } = node
    const mapper = node.isFlat ? listing(node) : node.mapper
    this.#node = node
    this.#context = context
    this.#completions = context.completions
    this.#store = context.windowStore(node.pending)
    this.#options = { name, mapper, timeoutMs, retry, after: (delayMs, work) => context.after(delayMs, work) }
    this.#most = Math.max(leastMost, mostPerCall * concurrency)
  }

  get pending(): number {
    return this.#pending
  }

  get isFull(): boolean {
    return this.#pending >= this.#most
  }

  /** What was not done when the task was closed is called again, once the loop runs. */
  openOnto(out: Subscriber<Rec>): void {
    this.#out = out
    this.#completions.add(this)
    for (const number of [...this.#store.starts()].sort((a, b) => a - b)) {
      for (const key of this.#store.keysAt(number)) this.#hold(key, number, this.#store.get(key, number)!.value)
    }
    if (this.#pending > 0) this.#completions.arrived(`${this.#node.name} opened`, () => this.#callSome())
  }

  take({ key, value, timestamp }: Rec): void {
    const { topic, partition, offset, headers } = this.#context.record
    this.#context.node = this.#node.name
    const input = { value, place: { topic, partition, offset, timestamp, headers } }
    const number = this.#number
    this.#store.put(key, number, input, timestamp)
    this.#hold(key, number, input)
    this.#callSome()
  }

  #hold(key: unknown, number: number, { value, place }: PendingInput<unknown>): void {
    const held: Held = { key, value, place, number, keyText: this.#keyText(key), next: undefined }
    this.#number = number + 1
    this.#pending++
    const before = held.keyText === null ? undefined : this.#lastOfKey.get(held.keyText)
    if (held.keyText !== null) this.#lastOfKey.set(held.keyText, held)
    if (before === undefined) this.#callable.push(held)
    else before.next = held
  }

  #keyText(key: unknown): string | null {
    if (key === null || this.#node.order === 'none') return null
    const written = this.#node.key.write(key)
    return typeof written === 'string' ? `s${written}` : `b${Buffer.from(written).toString('latin1')}`
  }

  #callSome(): void {
    while (this.#calling.size < this.#node.concurrency && this.#callable.length > 0) {
      const held = this.#callable.shift()!
      const call = new OutsideCall(this.#options, held, (outcome) => this.#ended(call, held, outcome))
      this.#calling.add(call)
    }
  }

  /** In a turn of nobody: what changes state or emits is left to an event. The next call begins at once. */
  #ended(call: OutsideCall, held: Held, outcome: Outcome): void {
    if (this.#isClosed) return
    this.#calling.delete(call)
    if (held.next !== undefined) this.#mayCall(held.next)
    else if (held.keyText !== null) this.#lastOfKey.delete(held.keyText)
    this.#completions.arrived(this.#idOf(held), () => this.#complete(held, outcome))
    this.#callSome()
  }

  /** Before all that came later. */
  #mayCall(held: Held): void {
    this.#callable.splice(this.#callable.findLastIndex(({ number }) => number < held.number) + 1, 0, held)
  }

  /** The same in every run up to here: numbers are given in the order of the input. */
  #idOf({ number }: Held): string {
    return `${this.#node.name} ${number}`
  }

  #complete({ key, number, place }: Held, outcome: Outcome): void {
    Object.assign(this.#context.record, place)
    this.#context.node = this.#node.name
    this.#store.delete(key, number, place.timestamp)
    // Lets the index forget the numbers that are gone.
    this.#store.firstStart()
    this.#pending--
    if (outcome.kind === 'failure') return this.#giveUp(outcome)
    const values = this.#node.isFlat ? (outcome.value as readonly unknown[]) : [outcome.value]
    for (const value of values) this.#emit(key, value, place)
  }

  /** What stands behind may have set the record to something of its own. */
  #emit(key: unknown, value: unknown, place: Held['place']): void {
    Object.assign(this.#context.record, place)
    this.#out!.next(new Rec(key, value, place.timestamp))
  }

  #giveUp({ error: cause, attempts }: Extract<Outcome, { readonly kind: 'failure' }>): void {
    const times = attempts === 1 ? '' : ` ${attempts} times, the last time`
    const message = cause instanceof Error ? cause.message : String(cause)
    const error = streamError('CALL_FAILED', { what: `a call failed${times}: ${message}`, where: this.#node.name, cause })
    if ((this.#node.onFailure ?? this.#context.errorPolicy) === 'fail') throw error
    this.#context.failed(error, this.#node.onFailure ?? undefined)
  }

  close(): void {
    this.#isClosed = true
    for (const call of this.#calling) call.cancel()
    this.#calling.clear()
    this.#callable.length = 0
  }
}

/** Results are read in the call itself: a list that cannot be read is a call that failed. */
function listing({ name, mapper }: MapAsyncNode): AsyncMapper {
  return async (value, key, call) => {
    const given = await mapper(value, key, call)
    if (typeof (given as Iterable<unknown> | null | undefined)?.[Symbol.iterator] === 'function')
      return listOf(given as Iterable<unknown>)
    const what = 'a call gave no list of values'
    throw streamError('RECORD_INVALID', { what, where: name, expected: 'an iterable', received: String(given) })
  }
}
