/** What flows behind a table: the new value of a key and the one that it replaces. Null: there is none. */
export class Change<V> {
  readonly next: V | null
  readonly previous: V | null

  constructor(next: V | null, previous: V | null) {
    this.next = next
    this.previous = previous
  }
}
