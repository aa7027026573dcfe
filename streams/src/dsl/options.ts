import type { Serde } from '@millrace/core'
import type { Meta } from '../graph/callbacks.ts'

/** A function over a record. It must be pure: after a crash it runs again. */
export type Of<K, V, R> = (value: V, key: K, meta: Meta) => R

/** The serdes of a topic's records. */
export interface TopicSerdes<K, V> {
  readonly key: Serde<K>
  readonly value: Serde<V>
}

/** A repartition topic. */
export interface Through<K, V> extends TopicSerdes<K, V> {
  /** Names the topic, `<applicationId>-<name>-repartition`. Another name is another topic, empty at first. */
  readonly name: string
  /** Default: the most that any topic has whose records go through it. */
  readonly partitions?: number
}

/** How the values of a key become a count. */
export interface Counting {
  /** Names the store and its changelog, `<applicationId>-<store>-changelog`. Another name is another store, empty at first. */
  readonly store: string
}

/** How the values of a key become one of them. */
export interface Reduction<K, V> extends Counting {
  readonly value: Serde<V>
  /** The total after one more value; the first value is the first total. Null removes the total. */
  readonly add: (total: V, value: V, key: K, meta: Meta) => V | null
}

/** How the values of a session become one of them. */
export interface SessionReduction<K, V> extends Counting {
  readonly value: Serde<V>
  /** The total of two: of the session and one more value, or of two sessions that become one. */
  readonly add: (total: V, value: V, key: K) => V
}

/** How the values of a session become a total, and the totals of sessions that become one. */
export interface SessionAggregation<K, V, A> extends Aggregation<K, V, A> {
  /** The total of two: the first is `initial()`, or what was merged before, the other that of a session. */
  readonly merge: (total: A, other: A, key: K) => A
}

/** How the values of a key become a total of another type. */
export interface Aggregation<K, V, A> extends Counting {
  readonly value: Serde<A>
  /** The total before the first value; a function, so that no two keys share one. */
  readonly initial: () => A
  /** The total after one more value: a new object, for the old one is still in use. Null removes the total. */
  readonly add: (total: A, value: V, key: K, meta: Meta) => A | null
}
