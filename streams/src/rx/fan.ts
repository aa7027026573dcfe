import { Subscriber } from 'rxjs'

/** Hands each value to all of its targets, in their order; none of them is the end of a branch. */
export class Fan<T> extends Subscriber<T> {
  readonly #targets: readonly Subscriber<T>[]
  /** Values so far. */
  count = 0

  constructor(targets: readonly Subscriber<T>[]) {
    super()
    this.#targets = targets
  }

  protected override _next(value: T): void {
    const targets = this.#targets
    this.count++
    for (let i = 0; i < targets.length; i++) targets[i]!.next(value)
  }
}

/** One target needs no fan between. */
export function fanTo<T>(targets: readonly Subscriber<T>[]): Subscriber<T> {
  const [only] = targets
  return targets.length === 1 && only !== undefined ? only : new Fan(targets)
}
