/**
 * Runs a user's own chain of RxJS operators, and keeps it apart from the topology.
 *
 * Invariants
 *   S1  The chain feeds only an array; what stands in it goes on after `push`, so that a failure behind the segment never
 *       reaches RxJS, which would end the chain.
 *   S2  A chain that completed, failed or emitted outside of `push` is thrown away; the next `push` opens a new one.
 *   S3  A chain lives from push to push, not from record to record: that is what makes hidden state visible to tests, which
 *       compare with a fresh one.
 */
import { Observable, Subscriber } from 'rxjs'
import type { ValueOperator } from './value-operator.ts'

/** How a segment says that its chain did what it may not. */
export interface SegmentFaults {
  /** `ended`: it completed. `escaped`: it emitted, or failed with `cause`, while nobody was calling `push`. */
  error(kind: 'ended' | 'escaped', cause?: unknown): Error
  /** The fault happened outside of `push`, so that it cannot be thrown to a caller. */
  tell(error: Error): void
}

/** A factory, so that each task runs its own chain. */
export function segmentOf(operators: readonly ValueOperator<unknown, unknown>[]): (faults: SegmentFaults) => Segment {
  return (faults) => new Segment(operators, faults)
}

export class Segment {
  readonly #operators: readonly ValueOperator<unknown, unknown>[]
  readonly #faults: SegmentFaults
  readonly #emitted: unknown[] = []
  #chain: Chain | undefined
  #pushing = false
  #failure: { readonly error: unknown } | undefined

  constructor(operators: readonly ValueOperator<unknown, unknown>[], faults: SegmentFaults) {
    this.#operators = operators
    this.#faults = faults
  }

  /** What the chain emits for the value; the array is valid until the next call. @throws what user code throws */
  push(value: unknown): readonly unknown[] {
    const { input } = this.#chain ?? this.#open()
    this.#emitted.length = 0
    this.#pushing = true
    try {
      input.push(value)
    } catch (error) {
      this.#fail(error)
    }
    this.#pushing = false
    if (this.#failure !== undefined) this.#throwFailure(this.#failure)
    return this.#emitted
  }

  close(): void {
    this.#chain?.output.unsubscribe()
    this.#chain = undefined
    this.#failure = undefined
  }

  #throwFailure({ error }: { readonly error: unknown }): never {
    this.close()
    throw error
  }

  #open(): Chain {
    const input = new Input()
    const output = new Collector({
      next: (value) => (this.#pushing ? this.#emitted.push(value) : this.#stray('escaped')),
      error: (error) => (this.#pushing ? this.#fail(error) : this.#stray('escaped', error)),
      complete: () => (this.#pushing ? this.#fail(this.#faults.error('ended')) : this.#stray('ended')),
    })
    const chain = (this.#chain = { input, output })
    this.#operators.reduce<Observable<unknown>>((source, operator) => operator(source), input).subscribe(output)
    return chain
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
  }

  #stray(kind: 'ended' | 'escaped', cause?: unknown): void {
    this.close()
    this.#faults.tell(this.#faults.error(kind, cause))
  }
}

/** One life of the user's operators. The output may be closed while the chain is opened: then what comes later has no way out. */
interface Chain {
  readonly input: Input
  readonly output: Collector
}

/** A Subject costs a closure a value. Operators may subscribe more than once, and again. */
class Input extends Observable<unknown> {
  #subscribers: readonly Subscriber<unknown>[] = []

  constructor() {
    super((subscriber) => {
      this.#subscribers = [...this.#subscribers, subscriber]
      return () => {
        this.#subscribers = this.#subscribers.filter((one) => one !== subscriber)
      }
    })
  }

  push(value: unknown): void {
    const subscribers = this.#subscribers
    for (let i = 0; i < subscribers.length; i++) subscribers[i]!.next(value)
  }
}

interface Events {
  readonly next: (value: unknown) => void
  readonly error: (error: unknown) => void
  readonly complete: () => void
}

/** RxJS's own subscriber would wrap each value in a try, and throw what it catches from a timer. */
class Collector extends Subscriber<unknown> {
  readonly #events: Events

  constructor(events: Events) {
    super()
    this.#events = events
  }

  protected override _next(value: unknown): void {
    this.#events.next(value)
  }

  protected override _error(error: unknown): void {
    this.unsubscribe()
    this.#events.error(error)
  }

  protected override _complete(): void {
    this.unsubscribe()
    this.#events.complete()
  }
}
