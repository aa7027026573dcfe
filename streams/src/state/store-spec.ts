/** A serde whose type was erased: every `Serde<T>` passes for it. The typed view is given back by the stores. */
export interface StoredSerde {
  readonly name: string
  readonly write: (value: never) => Uint8Array | string
  readonly read: (bytes: Uint8Array) => unknown
}

/** A store of a task, as the plan says it. */
export interface StoreSpec {
  readonly name: string
  readonly kind: 'key-value' | 'window'
  readonly key: StoredSerde
  readonly value: StoredSerde
  /** Absent: the store lives in memory, and a crash empties it. */
  readonly changelog?: ChangelogSpec
  /** It lives in memory, and every open restores it from its changelog. Default: it has rows in the engine. */
  readonly inMemory?: boolean
  /** Of a key-value store whose rows are found by their timestamps: the width of the stretches. Default: they are not. */
  readonly stretchMs?: number
  /** Of a key-value store. Default: none. */
  readonly indexes?: readonly IndexSpec[]
}

/** A secondary index: what of a value its row is found by as well. */
export interface IndexSpec {
  readonly name: string
  readonly key: StoredSerde
  /** Null or undefined: the row is not in it. */
  readonly of: (value: never, key: never) => unknown
}

export function isInEngine({ changelog, inMemory = false }: StoreSpec): boolean {
  return changelog !== undefined && !inMemory
}

interface ChangelogSpec {
  readonly topic: string
  /** The topic's identity; empty where the log does not tell it. */
  readonly topicId: string
  /**
   * `own`: this task writes it, at every freeze. `source`: it is the compacted input topic of a table, which others write;
   * freeze leaves such a store out, and records of it that do not decode are passed over, as they were when they came in.
   */
  readonly kind: 'own' | 'source'
}
