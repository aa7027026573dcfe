/** A stored value with the time of the newest record in it. Values are immutable by contract. */
export interface Stamped<V> {
  readonly value: V
  readonly timestamp: number
}

/** Names and read access that every store has. Reads see the open step; they are synchronous. */
export interface KeyValueStore<K, V> {
  readonly name: string
  get(key: K): Stamped<V> | undefined
  put(key: K, value: V, timestamp: number): void
  delete(key: K, timestamp: number): void
}

/** A key-value store that finds its rows by their timestamps as well, in memory. */
export interface ExpiringStore<K, V> extends KeyValueStore<K, V> {
  /** `takeExpired` may have something to give. */
  hasExpired(through: number): boolean
  /**
   * Keys of rows with timestamps up to `through`, those of whole stretches of time, each once: the caller deletes them. At most
   * `limit`, fewer also while there are more.
   */
  takeExpired(through: number, limit: number): readonly K[]
}

/** Rows by key and window start. What is open is known by time without a scan: an index in memory holds it. */
export interface WindowStore<K, V> {
  readonly name: string
  get(key: K, start: number): Stamped<V> | undefined
  put(key: K, start: number, value: V, timestamp: number): void
  delete(key: K, start: number, timestamp: number): void
  /** The smallest start that has rows. */
  firstStart(): number | undefined
  /** Every start that has rows, in no order: for an operator that builds an index of its own when it is opened. */
  starts(): readonly number[]
  /** The keys that have a row for `start`, in the order of their bytes (the same after every restart). */
  keysAt(start: number): readonly K[]
  /** How many rows there are for `start`. */
  countAt(start: number): number
  /** Deletes at most `limit` rows of `start`, without reading them, in any order; returns how many. */
  deleteAt(start: number, limit: number, timestamp: number): number
}

/** A table that every instance holds whole. */
export interface GlobalStore<K, V> {
  readonly name: string
  get(key: K): Stamped<V> | undefined
}
