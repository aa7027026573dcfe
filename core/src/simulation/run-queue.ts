/** Which of `runnable` waiting completions comes next, 0 being the one that has waited longest. */
export type Choose = (runnable: number) => number

type Work = () => void

/**
 * What is runnable: first come, first served, unless `choose` says otherwise.
 *
 *   [ done … | head: waiting … barrier waiting … | tail ]
 *              └ choose picks here ┘
 *
 * Invariant
 *   Q1  A barrier runs after everything posted before it and before everything posted after it, whatever is chosen.
 */
export class RunQueue {
  readonly #choose: Choose | null
  #waiting: (Work | undefined)[] = []
  /** Indexes of barriers in `#waiting`, rising; those before the head have run. */
  #barriers: number[] = []
  #head = 0

  constructor(choose: Choose | null) {
    this.#choose = choose
  }

  post(work: Work): void {
    this.#waiting.push(work)
  }

  postBarrier(work: Work): void {
    // Without a choice the order of arrival is a barrier already.
    if (this.#choose !== null) this.#barriers.push(this.#waiting.length)
    this.#waiting.push(work)
  }

  take(): Work | undefined {
    if (this.#head === this.#waiting.length) return undefined
    if (this.#choose !== null) this.#bringForward(this.#choose)
    const work = this.#waiting[this.#head]
    this.#waiting[this.#head] = undefined
    this.#head += 1
    if (this.#head === this.#waiting.length) this.#reset()
    else if (this.#head > 4096 && this.#head * 2 > this.#waiting.length) this.#forgetDone()
    return work
  }

  /** Moves the chosen one to the head; those it overtakes move up by one and keep their order. */
  #bringForward(choose: Choose): void {
    while (this.#barriers.length > 0 && this.#barriers[0]! < this.#head) this.#barriers.shift()
    const end = this.#barriers[0] ?? this.#waiting.length
    if (end - this.#head <= 1) return
    const chosen = this.#head + choose(end - this.#head)
    const work = this.#waiting[chosen]
    this.#waiting.copyWithin(this.#head + 1, this.#head, chosen)
    this.#waiting[this.#head] = work
  }

  #reset(): void {
    this.#waiting.length = 0
    this.#barriers.length = 0
    this.#head = 0
  }

  #forgetDone(): void {
    this.#waiting = this.#waiting.slice(this.#head)
    this.#barriers = this.#barriers.map((index) => index - this.#head).filter((index) => index >= 0)
    this.#head = 0
  }
}
