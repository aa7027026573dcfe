/** Window starts, smallest first: a binary heap. A start may be in it more than once, and one that is gone stays until it is met. */
export class StartQueue {
  readonly #heap: number[] = []

  add(start: number): void {
    let at = this.#heap.push(start) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#at(parent) <= start) break
      this.#heap[at] = this.#at(parent)
      at = parent
    }
    this.#heap[at] = start
  }

  /** The smallest start that `isThere`; those before it are dropped. */
  first(isThere: (start: number) => boolean): number | undefined {
    while (this.#heap.length > 0 && !isThere(this.#at(0))) this.#drop()
    return this.#heap[0]
  }

  #drop(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    let at = 0
    for (
      let child = this.#smallerChild(at);
      child < this.#heap.length && this.#at(child) < last;
      child = this.#smallerChild(at)
    ) {
      this.#heap[at] = this.#at(child)
      at = child
    }
    this.#heap[at] = last
  }

  #smallerChild(at: number): number {
    const left = 2 * at + 1
    return left + 1 < this.#heap.length && this.#at(left + 1) < this.#at(left) ? left + 1 : left
  }

  #at(index: number): number {
    return this.#heap[index]!
  }
}
