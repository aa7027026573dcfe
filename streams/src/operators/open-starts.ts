/**
 * Which windows an operator has open, by their starts, where their totals stand in stretches of time (time-rows.ts).
 *
 *   stretches from before the task was opened    their starts, in the queue, until one is the first of all; then the starts in it
 *   windows that were opened since               their starts, in the queue
 *
 * Invariant O1: opening reads nothing but the starts of the stretches, whatever the store holds.
 */
import { StartQueue } from '../state/start-queue.ts'

export class OpenStarts {
  readonly #startsIn: (stretch: number) => Iterable<number>
  readonly #stretches: Set<number>
  readonly #starts: Set<number>
  readonly #queue = new StartQueue()

  /** `stretches`: those that have rows. `startsIn`: of windows that may be open in one of them; asked once, when it is the oldest. */
  constructor(stretches: readonly number[], startsIn: (stretch: number) => Iterable<number>) {
    this.#startsIn = startsIn
    this.#stretches = new Set(stretches)
    this.#starts = new Set(stretches)
    for (const stretch of stretches) this.#queue.add(stretch)
  }

  add(start: number): void {
    if (this.#starts.has(start)) return
    this.#starts.add(start)
    this.#queue.add(start)
  }

  /** The smallest. */
  first(): number | undefined {
    for (;;) {
      const start = this.#queue.first((one) => this.#starts.has(one))
      if (start === undefined || !this.#stretches.delete(start)) return start
      this.#starts.delete(start)
      for (const one of this.#startsIn(start)) this.add(one)
    }
  }

  remove(start: number): void {
    this.#starts.delete(start)
  }
}
