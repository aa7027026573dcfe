/**
 * Stores that processors declare, and what they see of them.
 *
 * A declaration stands for itself: it belongs to no builder, and processors that name the same one share the store.
 */
import type { Serde } from '@millrace/core'
import type {
  SessionStore,
  SessionStoreDeclaration,
  Version,
  VersionAt,
  VersionedStore,
  VersionedStoreDeclaration,
} from './timed-stores.ts'

/** A declared store, whatever it holds. */
export interface AnyStore {
  readonly kind: 'keyValue' | 'window' | 'versioned' | 'session'
  /** Names the store and its changelog, `<applicationId>-<name>-changelog`. */
  readonly name: string
}

/** Made by `keyValueStore(...)`. */
export interface KeyValueStoreDeclaration<K, V, N extends string = string, I = NoIndexes> extends AnyStore {
  readonly kind: 'keyValue'
  readonly name: N
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** Null: rows live for ever. */
  readonly ttlMs: number | null
  /** Null: it has rows on disk, and a changelog. */
  readonly inMemory: InMemory | null
  readonly indexes: readonly StoredIndex[]
  /** Only for the compiler: their keys by name. */
  readonly indexKeys?: I
}

/** The keys of the indexes of a store that has none. */
export type NoIndexes = object

/** An index as the graph keeps it. */
export interface StoredIndex {
  readonly name: string
  readonly key: Serde<unknown>
  readonly of: (value: never, key: never) => unknown
}

/** A secondary index: rows are found by something else than their keys. */
export interface IndexOf<K, V, X> {
  readonly key: Serde<X>
  /**
   * What a row is found by; null: by nothing. It must depend on value and key alone, and throw for none of them. Who changes it gives
   * the index another name: it is then made anew.
   */
  readonly of: (value: V, key: K) => X | null
}

/** Rows in the order of an index, then of their keys. Without bounds all that stand in it. */
export type IndexRange<I> = {
  [N in keyof I & string]: {
    readonly index: N
    /** Instead of bounds: those of this one. */
    readonly equals?: I[N]
  } & KeyRange<I[N]>
}[keyof I & string]

/**
 * A store that lives in memory. `restored`: it has a changelog, and whenever its task is opened it is read whole. `lossy`: it has no
 * changelog, nothing is written of it, and it is **empty** after every crash, restart and move of its task, also after an error that the
 * application survives. It is no part of exactly-once: what is made of it may differ from run to run.
 */
export type InMemory = 'restored' | 'lossy'

/** Made by `windowStore(...)`. */
export interface WindowStoreDeclaration<K, V, N extends string = string> extends AnyStore {
  readonly kind: 'window'
  readonly name: N
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly retentionMs: number
  /** Null: it has rows on disk, and a changelog. */
  readonly inMemory: InMemory | null
}

/** A declaration in the graph, which keeps serdes of every type. */
export type StoreDeclaration =
  | KeyValueStoreDeclaration<unknown, unknown>
  | WindowStoreDeclaration<unknown, unknown>
  | VersionedStoreDeclaration<unknown, unknown>
  | SessionStoreDeclaration<unknown, unknown>

/** What a processor gets for a declaration. */
export type StoreOf<D> =
  D extends KeyValueStoreDeclaration<infer K, infer V>
    ? KeyValueStore<K, V>
    : D extends WindowStoreDeclaration<infer K, infer V>
      ? WindowStore<K, V>
      : D extends VersionedStoreDeclaration<infer K, infer V>
        ? VersionedStore<K, V>
        : D extends SessionStoreDeclaration<infer K, infer V>
          ? SessionStore<K, V>
          : never

/** Which rows of a key-value store, in the order of the bytes of their keys. Without bounds all. */
export interface KeyRange<K> {
  /** Both are included. */
  readonly from?: K
  readonly to?: K
  /** Instead of these: the keys whose bytes begin so; text counts as UTF-8. */
  readonly prefix?: string | Uint8Array
  /** From the last to the first. Default false. */
  readonly reverse?: boolean
}

/** Which rows of a window store, by start, then in the order of the bytes of their keys. Without bounds all. */
export interface StartRange {
  /** Of starts, milliseconds since 1970; both are included. */
  readonly from?: number
  readonly to?: number
  /** From the last to the first. Default false. */
  readonly reverse?: boolean
}

/** What a processor may scan of the store of a declaration. Sessions are read by their key. */
export type RangeOf<D> =
  D extends KeyValueStoreDeclaration<infer K, infer _V, string, infer I>
    ? (KeyRange<K> & { readonly index?: never }) | IndexRange<I>
    : D extends WindowStoreDeclaration<infer _K, infer _V>
      ? StartRange
      : D extends VersionedStoreDeclaration<infer K, infer _V>
        ? KeyRange<K> & VersionAt
        : never

/** A row of a scan. */
export type RowOf<D> =
  D extends KeyValueStoreDeclaration<infer K, infer V>
    ? StoredRow<K, V>
    : D extends WindowStoreDeclaration<infer K, infer V>
      ? StoredWindow<K, V>
      : D extends VersionedStoreDeclaration<infer K, infer V>
        ? StoredVersion<K, V>
        : never

/** A row of a key-value store. */
export interface StoredRow<K, V> extends TimedValue<V> {
  readonly key: K
}

/** A version in a scan: the newest of its key, or that which was valid then. */
export interface StoredVersion<K, V> extends Version<V> {
  readonly key: K
}

/** A row of a window store. */
export interface StoredWindow<K, V> extends StoredRow<K, V> {
  readonly start: number
}

/** A value with the time it was stored with. Values are immutable by contract: change one by putting another. */
export interface TimedValue<V> {
  readonly value: V
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** The newest value of each key. Reads are synchronous and see the open step; writes commit with it, with their changelog. */
export interface KeyValueStore<in out K, V> {
  readonly name: string
  get(key: K): V | undefined
  getTimed(key: K): TimedValue<V> | undefined
  /** Null deletes. @param timestamp default: that of the record or punctuation at hand */
  put(key: K, value: V | null, timestamp?: number): void
  delete(key: K): void
}

/** Values by key and the start of a window. */
export interface WindowStore<in out K, V> {
  readonly name: string
  get(key: K, start: number): V | undefined
  getTimed(key: K, start: number): TimedValue<V> | undefined
  /**
   * Null deletes. A row whose start is not above the task's stream time less the retention is dropped and counted (`expired`).
   * @param timestamp default: that of the record or punctuation at hand
   */
  put(key: K, value: V | null, start: number, timestamp?: number): void
  delete(key: K, start: number): void
  /** The smallest start that has rows. */
  firstStart(): number | undefined
  /** The keys that have a row for `start`, in the order of their bytes. */
  keysAt(start: number): readonly K[]
}
