/**
 * A record on its way between two nodes of a task. One class with its fields always in this order, so that every node
 * sees one shape. Immutable by contract: a node that changes something emits a new one, because a fan-out shares it.
 */
export class Rec<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Milliseconds since 1970. */
  readonly timestamp: number

  constructor(key: K, value: V, timestamp: number) {
    this.key = key
    this.value = value
    this.timestamp = timestamp
  }
}
