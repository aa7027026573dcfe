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
import { Subject, Subscription, type Observable } from 'rxjs'
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
      input.next(value)
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
    const input = new Subject<unknown>()
    const output = new Subscription()
    const chain = (this.#chain = { input, output })
    const chained = this.#operators.reduce<Observable<unknown>>((source, operator) => operator(source), input)
    output.add(
      chained.subscribe({
        next: (value) => (this.#pushing ? this.#emitted.push(value) : this.#stray('escaped')),
        error: (error: unknown) => (this.#pushing ? this.#fail(error) : this.#stray('escaped', error)),
        complete: () => (this.#pushing ? this.#fail(this.#faults.error('ended')) : this.#stray('ended')),
      }),
    )
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

/** One life of the user's operators. */
interface Chain {
  readonly input: Subject<unknown>
  /** Closed before it is filled when the chain strays while it is opened: then what is added ends at once. */
  readonly output: Subscription
}
