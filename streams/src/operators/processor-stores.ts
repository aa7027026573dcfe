/** Stores as processors see them: values without ceremony, times by default those of the record at hand. */
import type { KeyValueStore, Stamped, WindowStore } from '../task/stores.ts'

/** What a store needs of the processor that uses it. */
export interface StoreUser {
  /** Of the record or punctuation at hand. */
  readonly timestamp: number
  readonly streamTime: number
  /** A row that came too late for the store. */
  expired(): void
  /** A failure of the store is the task's, whatever the processor does about it. Gives it back to be thrown. */
  passing(error: unknown): unknown
  /** @throws PROCESSOR_INACTIVE */
  checkActive(what: string): void
}

export class ProcessorKeyValueStore {
  readonly name: string
  readonly #store: KeyValueStore<unknown, unknown>
  readonly #user: StoreUser
  /** Null: rows live for ever. */
  readonly #ttlMs: number | null

  constructor(store: KeyValueStore<unknown, unknown>, user: StoreUser, ttlMs: number | null) {
    this.name = store.name
    this.#store = store
    this.#user = user
    this.#ttlMs = ttlMs
  }

  /** A row of this time has had its time to live, whether it is deleted already or not. */
  isGone(timestamp: number): boolean {
    return this.#ttlMs !== null && timestamp <= this.#user.streamTime - this.#ttlMs
  }

  get(key: unknown): unknown {
    return this.getTimed(key)?.value
  }

  getTimed(key: unknown): Stamped<unknown> | undefined {
    try {
      const row = this.#store.get(key)
      return row === undefined || this.isGone(row.timestamp) ? undefined : row
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  put(key: unknown, value: unknown, timestamp: number = this.#user.timestamp): void {
    this.#user.checkActive(`put into store ${this.name}`)
    try {
      if (value === null) this.#store.delete(key, timestamp)
      else if (this.isGone(timestamp)) this.#user.expired()
      else this.#store.put(key, value, timestamp)
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  delete(key: unknown): void {
    this.put(key, null)
  }
}

export class ProcessorWindowStore {
  readonly name: string
  readonly #store: WindowStore<unknown, unknown>
  readonly #user: StoreUser
  readonly #retentionMs: number

  constructor(store: WindowStore<unknown, unknown>, user: StoreUser, retentionMs: number) {
    this.name = store.name
    this.#store = store
    this.#user = user
    this.#retentionMs = retentionMs
  }

  get(key: unknown, start: number): unknown {
    return this.getTimed(key, start)?.value
  }

  getTimed(key: unknown, start: number): Stamped<unknown> | undefined {
    try {
      return this.#store.get(key, start)
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  put(key: unknown, value: unknown, start: number, timestamp: number = this.#user.timestamp): void {
    this.#user.checkActive(`put into store ${this.name}`)
    try {
      this.#expire()
      if (start <= this.#expiredThrough) return this.#user.expired()
      if (value === null) this.#store.delete(key, start, timestamp)
      else this.#store.put(key, start, value, timestamp)
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  delete(key: unknown, start: number): void {
    this.put(key, null, start)
  }

  firstStart(): number | undefined {
    return this.#store.firstStart()
  }

  keysAt(start: number): readonly unknown[] {
    return this.#store.keysAt(start)
  }

  /** Below 0 nothing has expired. */
  get #expiredThrough(): number {
    return this.#user.streamTime - this.#retentionMs
  }

  /** Deletes what is too old. It depends on the committed stream time alone, so a restart changes nothing. */
  #expire(): void {
    for (
      let start = this.#store.firstStart();
      start !== undefined && start <= this.#expiredThrough;
      start = this.#store.firstStart()
    ) {
      for (const key of this.#store.keysAt(start)) this.#store.delete(key, start, this.#user.timestamp)
    }
  }
}
