import type { Timer } from '../base/clock.ts'

/** A timer that waits in virtual time. */
export interface SimTimer extends Timer {
  readonly dueMicros: number
  readonly order: number
  /** Null once it has run or was cancelled. */
  work: (() => void) | null
}

/**
 * Timers by due time, then by age: a binary heap.
 *
 * Invariant
 *   T1  Cancelled timers stay where they are until they come up or make up more than half of the heap; so cancelling is
 *       cheap, and a program that always cancels does not fill the memory.
 */
export class TimerHeap {
  #heap: SimTimer[] = []
  #cancelled = 0

  /** The next timer that is still to run. */
  peek(): SimTimer | undefined {
    while (this.#heap[0]?.work === null) this.#removeFirst()
    return this.#heap[0]
  }

  pop(): SimTimer | undefined {
    const first = this.peek()
    if (first !== undefined) this.#removeFirst()
    return first
  }

  add(dueMicros: number, order: number, work: () => void): SimTimer {
    const timer: SimTimer = { dueMicros, order, work, cancel: () => this.#cancel(timer) }
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
    return timer
  }

  #cancel(timer: SimTimer): void {
    if (timer.work === null) return
    timer.work = null
    this.#cancelled += 1
    if (this.#cancelled * 2 > this.#heap.length) this.#compact()
  }

  #compact(): void {
    this.#heap = this.#heap.filter(({ work }) => work !== null).sort((one, other) => (isBefore(one, other) ? -1 : 1))
    this.#cancelled = 0
  }

  #removeFirst(): void {
    const [first] = this.#heap
    const last = this.#heap.pop()
    if (first?.work === null && this.#cancelled > 0) this.#cancelled -= 1
    if (this.#heap.length === 0 || last === undefined) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise(start: number): void {
    let at = start
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#swapIfBefore(at, parent)) return
      at = parent
    }
  }

  #sink(start: number): void {
    let at = start
    while (true) {
      let child = 2 * at + 1
      if (child >= this.#heap.length) return
      if (child + 1 < this.#heap.length && isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child += 1
      if (!this.#swapIfBefore(child, at)) return
      at = child
    }
  }

  #swapIfBefore(child: number, parent: number): boolean {
    const [below, above] = [this.#heap[child]!, this.#heap[parent]!]
    if (!isBefore(below, above)) return false
    this.#heap[child] = above
    this.#heap[parent] = below
    return true
  }
}

function isBefore(one: SimTimer, other: SimTimer): boolean {
  return one.dueMicros < other.dueMicros || (one.dueMicros === other.dueMicros && one.order < other.order)
}
