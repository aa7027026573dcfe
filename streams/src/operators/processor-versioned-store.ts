/** A store of versions (KIP-889) as processors see it. */
import type { KeyValueStore } from '../task/stores.ts'
import type { StreamTime } from '../task/stream-time.ts'
import { streamError } from '../time/stream-errors.ts'
import type { StoreUser } from './processor-stores.ts'
import { VersionedRows, type Version, type VersionFound } from './versioned-rows.ts'

interface At {
  readonly asOf?: number
}

export class ProcessorVersionedStore {
  readonly name: string
  readonly #rows: VersionedRows
  readonly #user: StoreUser

  constructor(
    store: KeyValueStore<unknown, readonly Version[]>,
    user: StoreUser,
    { time, historyMs }: { readonly time: StreamTime; readonly historyMs: number },
  ) {
    this.name = store.name
    this.#rows = new VersionedRows({ store, time, historyMs })
    this.#user = user
  }

  get(key: unknown, at?: At): unknown {
    return this.getVersion(key, at)?.value
  }

  getVersion(key: unknown, at: At = {}): VersionFound | undefined {
    const asOf = asOfIn(`get of store ${this.name}`, at)
    try {
      return this.#rows.find(key, asOf)
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  put(key: unknown, value: unknown, timestamp: number = this.#user.timestamp): void {
    this.#user.checkActive(`put into store ${this.name}`)
    try {
      if (this.#rows.put(key, value, timestamp) === 'expired') this.#user.expired()
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  delete(key: unknown, timestamp?: number): void {
    this.put(key, null, timestamp)
  }

  /** Of a row as it is stored: the version that a reader sees. */
  versionIn(versions: unknown, asOf: number | undefined): VersionFound | undefined {
    return this.#rows.versionIn(versions as readonly Version[], asOf)
  }
}

/** @throws INVALID_STREAM_OPTION */
export function asOfIn(where: string, at: unknown): number | undefined {
  const { asOf } = (at ?? {}) as { readonly asOf?: unknown }
  if (asOf === undefined || Number.isSafeInteger(asOf)) return asOf as number | undefined
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'not a time',
    where: `${where}, asOf`,
    expected: 'milliseconds since 1970, a whole number',
    received: JSON.stringify(asOf),
  })
}
