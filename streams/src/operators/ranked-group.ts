/**
 * The rows of a group in the order of their rank, in pages: a change rewrites the page that it falls into, and no other.
 *
 *   (group, 0)   numbers of the pages in their order │ the rows between them        no row: the group has page 1 alone
 *   (group, n)   rows, at most `most`
 *
 * Invariants
 *   G1  All pages one behind the other are in the order of `compare`; what is equal there, in the order of its bytes. So the order follows
 *       from the rows, and not from when they came.
 *   G2  Between two pages stands a row that is not before any row of the first, and not behind any of the second. It need not be there still.
 *   G3  No page is empty; two neighbours are not both almost empty, as far as removals have seen them.
 *   G4  Nothing is written before `save`: what the user's `compare` throws leaves the group as it was.
 */
import type { KeyValueStore } from '../task/stores.ts'

/** A row with its bytes. */
export interface Ranked {
  readonly value: unknown
  readonly bytes: Uint8Array
}

export interface RankedPage {
  readonly numbers: readonly number[]
  readonly rows: readonly Ranked[]
}

export type PageStore = KeyValueStore<readonly [group: unknown, page: number], RankedPage>

const most = 64
/** Two pages with fewer rows together become one. */
const fewTogether = most / 2
const directory = 0
const onePage: RankedPage = { numbers: [1], rows: [] }

export type Order = (a: Ranked, b: Ranked) => number

export function rankOrder(compare: (a: unknown, b: unknown) => number): Order {
  return (a, b) => compare(a.value, b.value) || Buffer.compare(a.bytes, b.bytes)
}

/** A group while one change of it is made. */
export class RankedGroup {
  readonly #store: PageStore
  readonly #group: unknown
  readonly #order: Order
  #numbers: readonly number[]
  #between: readonly Ranked[]
  #directoryChanged = false
  /** Pages that were changed; an empty one is gone. */
  readonly #changed = new Map<number, readonly Ranked[]>()

  constructor(store: PageStore, group: unknown, order: Order) {
    this.#store = store
    this.#group = group
    this.#order = order
    const { numbers, rows } = store.get([group, directory])?.value ?? onePage
    this.#numbers = numbers
    this.#between = rows
  }

  /** The first ones, at most so many. */
  first(count: number): readonly Ranked[] {
    const rows: Ranked[] = []
    for (let index = 0; index < this.#numbers.length && rows.length < count; index++) rows.push(...this.#page(index))
    return rows.slice(0, count)
  }

  insert(row: Ranked): void {
    const index = countUpTo(this.#between, row, this.#order)
    const page = this.#page(index)
    this.#put(index, page.toSpliced(countUpTo(page, row, this.#order), 0, row))
  }

  /** One row of these bytes, if there is one. */
  remove(row: Ranked): void {
    // Equals may stand on both sides of a border.
    for (let index = countUpTo(this.#between, row, this.#order); index >= 0; index--) {
      const page = this.#page(index)
      const at = countUpTo(page, row, this.#order) - 1
      if (at >= 0 && this.#order(page[at]!, row) === 0) return this.#put(index, page.toSpliced(at, 1))
      if (index > 0 && this.#order(this.#between[index - 1]!, row) !== 0) return
    }
  }

  save(timestamp: number): void {
    for (const [number, rows] of this.#changed) {
      if (rows.length === 0) this.#store.delete([this.#group, number], timestamp)
      else this.#store.put([this.#group, number], { numbers: [], rows }, timestamp)
    }
    if (this.#directoryChanged || this.#isEmpty) this.#saveDirectory(timestamp)
  }

  #saveDirectory(timestamp: number): void {
    const at = [this.#group, directory] as const
    const isNeeded = !this.#isEmpty && (this.#numbers.length > 1 || this.#numbers[0] !== onePage.numbers[0])
    if (isNeeded) this.#store.put(at, { numbers: this.#numbers, rows: this.#between }, timestamp)
    else if (this.#store.get(at) !== undefined) this.#store.delete(at, timestamp)
  }

  get #isEmpty(): boolean {
    return this.#numbers.length === 1 && this.#page(0).length === 0
  }

  #page(index: number): readonly Ranked[] {
    const number = this.#numbers[index]!
    return this.#changed.get(number) ?? this.#store.get([this.#group, number])?.value.rows ?? []
  }

  #put(index: number, rows: readonly Ranked[]): void {
    this.#changed.set(this.#numbers[index]!, rows)
    if (rows.length > most) this.#split(index, rows)
    else if (rows.length < fewTogether) this.#joinNeighbour(index)
  }

  #split(index: number, rows: readonly Ranked[]): void {
    const half = rows.length >> 1
    const number = this.#numbers.reduce((greatest, one) => Math.max(greatest, one)) + 1
    this.#changed.set(this.#numbers[index]!, rows.slice(0, half))
    this.#changed.set(number, rows.slice(half))
    this.#setPages(this.#numbers.toSpliced(index + 1, 0, number), this.#between.toSpliced(index, 0, rows[half]!))
  }

  /** With the page before it or behind it, where there is room for many more rows, or nothing here. */
  #joinNeighbour(index: number): void {
    for (const left of [index - 1, index]) {
      if (left < 0 || left + 1 >= this.#numbers.length) continue
      const together = [...this.#page(left), ...this.#page(left + 1)]
      if (together.length >= fewTogether && this.#page(index).length > 0) continue
      this.#changed.set(this.#numbers[left]!, together)
      this.#changed.set(this.#numbers[left + 1]!, [])
      return this.#setPages(this.#numbers.toSpliced(left + 1, 1), this.#between.toSpliced(left, 1))
    }
  }

  #setPages(numbers: readonly number[], between: readonly Ranked[]): void {
    this.#numbers = numbers
    this.#between = between
    this.#directoryChanged = true
  }
}

/** How many of the rows, which are in order, are not behind this one. */
function countUpTo(rows: readonly Ranked[], row: Ranked, order: Order): number {
  let [from, to] = [0, rows.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (order(rows[middle]!, row) <= 0) from = middle + 1
    else to = middle
  }
  return from
}
