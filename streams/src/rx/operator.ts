/**
 * Every operator of ours is made here, over one subclass of RxJS's Subscriber.
 *
 * Invariants
 *   R1  Subscriptions are made once a task; a record makes no closure and no subscription.
 *   R2  What a handler throws reaches the caller of `next`, and the tree stays alive. (RxJS's own subscribers turn a throw
 *       into an uncaught exception on a timer, or end the pipeline for good.)
 *   R3  Nothing completes and nothing errors through the tree.
 */
import { Observable, Subscriber, type OperatorFunction } from 'rxjs'

/** What a node does with one value: it calls `out.next` as often as it likes, before it returns. */
export type Handler<T, R> = (value: T, out: Subscriber<R>) => void

class NodeSubscriber<T, R> extends Subscriber<T> {
  readonly #handler: Handler<T, R>
  readonly #out: Subscriber<R>
  /** Values so far. */
  count = 0

  constructor(out: Subscriber<R>, handler: Handler<T, R>) {
    super(out)
    this.#handler = handler
    this.#out = out
  }

  protected override _next(value: T): void {
    this.count++
    this.#handler(value, this.#out)
  }
}

/** An operator that hands each value to the handler. */
export function operator<T, R>(handler: Handler<T, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((out) => {
      source.subscribe(new NodeSubscriber(out, handler))
    })
}

/** As `operator`, for a node that also emits when no value comes: `made` gets the way out once, when the task is built. */
export function emitter<T, R>(handler: Handler<T, R>, made: (out: Subscriber<R>) => void): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((out) => {
      made(out)
      source.subscribe(new NodeSubscriber(out, handler))
    })
}

/** Sets an operator in front of a subscriber, for good, and gives the subscriber that feeds it. */
export function inlet<T, R>(made: OperatorFunction<T, R>, destination: Subscriber<R>): Subscriber<T> {
  let entry: Subscriber<T> = NEVER_FED
  const source = new Observable<T>((subscriber) => {
    entry = subscriber
  })
  made(source).subscribe(destination)
  return entry
}

/** How many values the subscriber has taken, where it is an operator of ours; 0 otherwise. */
export function countOf(subscriber: Subscriber<never>): number {
  return subscriber instanceof NodeSubscriber ? subscriber.count : 0
}

const NEVER_FED: Subscriber<never> = new Subscriber<never>()
