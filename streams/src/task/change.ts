import type { Stamped } from './stores.ts'

/** What flows behind a table: the new value of a key and the one that it replaces. Null: there is none. */
export class Change<V> {
  readonly next: V | null
  readonly previous: V | null
  /** False: an older version than the newest of a versioned table. Joins and groups leave it out (KIP-914). */
  readonly isLatest: boolean
  /** The timestamp of the replaced row; -1 where it is not known, which is everywhere but directly behind a store. */
  readonly previousTime: number

  constructor(next: V | null, previous: V | null, isLatest: boolean = true, previousTime: number = -1) {
    this.next = next
    this.previous = previous
    this.isLatest = isLatest
    this.previousTime = previousTime
  }
}

/** A row of a store takes a new value, in place of what was there. */
export function changeOf<V>(next: V | null, old: Stamped<V> | undefined): Change<V> {
  return old === undefined ? new Change(next, null) : new Change(next, old.value, true, old.timestamp)
}
