import type { KeyValueStore, Stamped } from '../task/stores.ts'
import type { StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'

/** Valid from its time to that of the next one. Null: deleted. */
export interface Version {
  readonly from: number
  readonly value: unknown
}

/** A version as a reader sees it. */
export interface VersionFound extends Stamped<unknown> {
  /** When the next one, or a deletion, took its place; null: it is the newest. */
  readonly validTo: number | null
}

/** What a `put` did. `expired`: nothing, it was older than the history. */
type Put = 'latest' | 'older' | 'expired'

interface VersionedParts {
  readonly store: KeyValueStore<unknown, readonly Version[]>
  /** Of the store: the greatest timestamp that was put. */
  readonly time: StreamTime
  readonly historyMs: number
}

/**
 * The versions of each key over a key-value store (KIP-889): one row holds what a key has within the history retention.
 *
 * Invariants
 *   V1  Stream time is the greatest timestamp that was put; a put older than stream time − retention does nothing.
 *   V2  A row has its newest version always, and older ones as long as a lookup may reach them: newest first.
 *   V3  A deletion is a version; it goes when nothing older stands before it and no lookup reaches beyond it.
 */
export class VersionedRows {
  readonly #rows: KeyValueStore<unknown, readonly Version[]>
  readonly #time: StreamTime
  readonly #historyMs: number

  constructor({ store, time, historyMs }: VersionedParts) {
    this.#rows = store
    this.#time = time
    this.#historyMs = historyMs
  }

  /** Of a table. */
  static of(store: string, historyMs: number, context: TaskContext): VersionedRows {
    return new VersionedRows({ store: context.keyValueStore(store), time: context.streamTime(store), historyMs })
  }

  put(key: unknown, value: unknown, timestamp: number): Put {
    if (timestamp < this.#oldest) return 'expired'
    this.#time.advance(timestamp)
    const all = this.#rows.get(key)?.value ?? []
    const kept = reachedVersions(withVersion(all, { from: timestamp, value }), this.#oldest)
    if (kept.length === 0) this.#rows.delete(key, timestamp)
    else this.#rows.put(key, kept, kept[0]!.from)
    return all[0] === undefined || timestamp >= all[0].from ? 'latest' : 'older'
  }

  get(key: unknown): VersionFound | undefined {
    return this.find(key, undefined)
  }

  /** The version that was valid then. None: there was none, or it is older than the history, unless it is the newest. */
  at(key: unknown, timestamp: number): VersionFound | undefined {
    return this.find(key, timestamp)
  }

  /** @param asOf undefined: the newest */
  find(key: unknown, asOf: number | undefined): VersionFound | undefined {
    return this.versionIn(this.#rows.get(key)?.value ?? [], asOf)
  }

  /** The same in a row. */
  versionIn(all: readonly Version[], asOf: number | undefined): VersionFound | undefined {
    const version = asOf === undefined ? all[0] : validAt(all, asOf, this.#oldest)
    if (version === undefined || version.value === null) return undefined
    return { value: version.value, timestamp: version.from, validTo: all[all.indexOf(version) - 1]?.from ?? null }
  }

  get #oldest(): number {
    return this.#time.now - this.#historyMs
  }
}

/** Without those that no lookup of the time `oldest` or later meets (V2, V3). */
export function reachedVersions(all: readonly Version[], oldest: number): readonly Version[] {
  const unreached = all.findIndex((_, index) => index > 0 && all[index - 1]!.from <= oldest)
  const kept = unreached === -1 ? all : all.slice(0, unreached)
  const last = kept.at(-1)
  return last !== undefined && last.value === null && last.from <= oldest ? kept.slice(0, -1) : kept
}

/** None where it is older than `oldest`, unless it is the newest. */
export function validAt(all: readonly Version[], timestamp: number, oldest: number): Version | undefined {
  const index = all.findIndex(({ from }) => from <= timestamp)
  return index > 0 && timestamp < oldest ? undefined : all[index]
}

function withVersion(all: readonly Version[], version: Version): readonly Version[] {
  const at = all.findIndex(({ from }) => from <= version.from)
  if (at === -1) return [...all, version]
  const isSame = all[at]!.from === version.from
  return [...all.slice(0, at), version, ...all.slice(isSame ? at + 1 : at)]
}
