/** What flows behind a table: the new value of a key and the one that it replaces. Null: there is none. */
export class Change<V> {
  readonly next: V | null
  readonly previous: V | null
  /** False: an older version than the newest of a versioned table. Joins and groups leave it out (KIP-914). */
  readonly isLatest: boolean

  constructor(next: V | null, previous: V | null, isLatest: boolean = true) {
    this.next = next
    this.previous = previous
    this.isLatest = isLatest
  }
}
