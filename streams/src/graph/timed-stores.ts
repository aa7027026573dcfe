/** Stores that keep several values of a key, by time: versions and sessions. As processors declare and see them. */
import type { Serde } from '@millrace/core'
import type { Windowed } from '../time/windowed.ts'
import type { InMemory } from './stores.ts'

/** Made by `versionedStore(...)`. */
export interface VersionedStoreDeclaration<K, V, N extends string = string> {
  readonly kind: 'versioned'
  readonly name: N
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly historyMs: number
  /** Null: it has rows on disk, and a changelog. */
  readonly inMemory: InMemory | null
}

/** Made by `sessionStore(...)`. */
export interface SessionStoreDeclaration<K, V, N extends string = string> {
  readonly kind: 'session'
  readonly name: N
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly retentionMs: number
  /** Of the stretches of time that a row holds. */
  readonly widthMs: number
  /** Null: it has rows on disk, and a changelog. */
  readonly inMemory: InMemory | null
}

/** Which version: that which was valid at the time. Default: the newest. */
export interface VersionAt {
  /** Milliseconds since 1970. */
  readonly asOf?: number
}

/** A value and the time that it was valid in. */
export interface Version<V> {
  readonly value: V
  /** From when, milliseconds since 1970. */
  readonly timestamp: number
  /** Until before when: the next version came, or it was deleted. Null: it is the newest. */
  readonly validTo: number | null
}

/** The values of each key over time (KIP-889). Each is valid from its timestamp until that of the next one. */
export interface VersionedStore<in out K, V> {
  readonly name: string
  /**
   * Undefined: there is none, or `asOf` is longer ago than the history, and the newest version is not that old either.
   * @throws INVALID_STREAM_OPTION
   */
  get(key: K, at?: VersionAt): V | undefined
  /** The same, with the time that it was valid in. */
  getVersion(key: K, at?: VersionAt): Version<V> | undefined
  /**
   * Adds a version where its time stands among the others; one of the same time is replaced. Null: deleted from then on. One that is
   * older than the greatest timestamp put so far less the history is dropped and counted (`expired`).
   * @param timestamp default: that of the record or punctuation at hand
   */
  put(key: K, value: V | null, timestamp?: number): void
  /** `put` of null. */
  delete(key: K, timestamp?: number): void
}

/** A session with its value. */
export interface StoredSession<K, V> extends Windowed<K> {
  readonly value: V
  /** That it was stored with, milliseconds since 1970. */
  readonly timestamp: number
}

/**
 * Values by key, start and end of a session, both inclusive. Sessions that end at or before the task's stream time less the retention
 * are gone.
 */
export interface SessionStore<in out K, V> {
  readonly name: string
  /**
   * The sessions of the key that end at `earliestEnd` or later and begin at `latestStart` or earlier, by end, then by start. For what a
   * record at `t` belongs to, with a gap: `findSessions(key, t - gap, t + gap)`.
   */
  findSessions(key: K, earliestEnd: number, latestStart: number): readonly StoredSession<K, V>[]
  /** All sessions of the key, by end, then by start. */
  fetch(key: K): readonly StoredSession<K, V>[]
  get(session: Windowed<K>): V | undefined
  /**
   * Null removes. A session that is gone already is dropped and counted (`expired`).
   * @param timestamp default: that of the record or punctuation at hand
   * @throws INVALID_STREAM_OPTION unless 0 <= start <= end
   */
  put(session: Windowed<K>, value: V | null, timestamp?: number): void
  remove(session: Windowed<K>): void
}
