/**
 * Which rows a window store has, by start: what is open is found here, without a scan. In memory only; built at open from the
 * keys in the engine, kept up by every change of the open step.
 *
 *   start → { keys of its rows } ,  and a queue of starts for the smallest
 */
import { sortByBytes } from './byte-order.ts'
import { StartQueue } from './start-queue.ts'

export class WindowIndex<K> {
  readonly #keyOf: (text: string) => K
  readonly #rows: Map<number, Set<string>> = new Map()
  readonly #starts: StartQueue = new StartQueue()

  /** `keyOf` makes the key from its text in the layers. */
  constructor(keyOf: (text: string) => K) {
    this.#keyOf = keyOf
  }

  add(start: number, key: string): void {
    const keys = this.#rows.get(start)
    if (keys === undefined) this.#begin(start, key)
    else keys.add(key)
  }

  remove(start: number, key: string): void {
    const keys = this.#rows.get(start)
    if (keys?.delete(key) === true && keys.size === 0) this.#rows.delete(start)
  }

  has(start: number, key: string): boolean {
    return this.#rows.get(start)?.has(key) === true
  }

  countAt(start: number): number {
    return this.#rows.get(start)?.size ?? 0
  }

  /** The first of them, in any order. */
  someAt(start: number, limit: number): readonly string[] {
    const some: string[] = []
    for (const key of this.#rows.get(start) ?? []) {
      if (some.length >= limit) break
      some.push(key)
    }
    return some
  }

  firstStart(): number | undefined {
    return this.#starts.first((start) => this.#rows.has(start))
  }

  /** The starts at which the key has a row. */
  startsOf(key: string): number[] {
    const starts: number[] = []
    for (const [start, keys] of this.#rows) if (keys.has(key)) starts.push(start)
    return starts
  }

  starts(): readonly number[] {
    return [...this.#rows.keys()]
  }

  /** In the order of the bytes; sorted for this call. */
  keysAt(start: number): readonly K[] {
    return sortByBytes([...(this.#rows.get(start) ?? [])]).map(this.#keyOf)
  }

  #begin(start: number, key: string): void {
    this.#rows.set(start, new Set([key]))
    this.#starts.add(start)
  }
}
