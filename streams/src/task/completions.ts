/**
 * Calls to the outside that have ended, as events of a task: the loop handles them between two records, one at a time.
 *
 * Invariants
 *   E1  What has arrived is handled in the order of arrival, unless somebody decides otherwise with `order`: when a call ends is no
 *       function of the input, so a simulation records the order, and replays it.
 *   E2  Nothing is handled while another event is: whoever arrives only stands in line.
 *   E3  An operator that holds as many inputs as it may stops the input of its task, and nothing else.
 */

/** An operator with inputs whose calls have not ended. */
export interface Holder {
  /** How many inputs it has, until their completion is handled. */
  readonly pending: number
  /** It takes no more for now. */
  readonly isFull: boolean
}

/**
 * Which of the calls that have ended is handled next: an index into their ids, which stand in the order of arrival; -1: none of them
 * yet. An id is the same in every run of the same input.
 */
export type CompletionOrder = (ids: readonly string[]) => number

interface Completion {
  readonly id: string
  readonly handle: () => void
}

export class Completions {
  /** Hears when something arrives, at any time: the loop may be waiting for input. */
  onArrival: (() => void) | null = null
  /** Null: in the order of arrival. */
  order: CompletionOrder | null = null
  readonly #holders: Holder[] = []
  #waiting: Completion[] = []
  /** Of `#waiting`; undefined: not looked for yet. */
  #next: number | undefined

  add(holder: Holder): void {
    this.#holders.push(holder)
  }

  /** `handle` runs as an event of the task. */
  arrived(id: string, handle: () => void): void {
    this.#waiting.push({ id, handle })
    this.#next = undefined
    this.onArrival?.()
  }

  get hasArrived(): boolean {
    return this.#waiting.length > 0 && this.#chosen >= 0
  }

  /** Call it while `hasArrived`. @throws what comes out of the operators behind it */
  handleNext(): void {
    const [next] = this.#waiting.splice(this.#chosen, 1)
    this.#next = undefined
    next!.handle()
  }

  /** Inputs of all operators whose completion is not handled yet. */
  get pending(): number {
    let pending = 0
    for (const holder of this.#holders) pending += holder.pending
    return pending
  }

  get isFull(): boolean {
    for (const holder of this.#holders) if (holder.isFull) return true
    return false
  }

  get #chosen(): number {
    this.#next ??= this.order?.(this.#waiting.map(({ id }) => id)) ?? 0
    return this.#next
  }
}
