/** A store of sessions as processors see it. */
import type { WindowStore } from '../task/stores.ts'
import type { TimedValues } from '../time/timed-values.ts'
import { streamError } from '../time/stream-errors.ts'
import type { StoreUser } from './processor-stores.ts'
import { SessionRows, type SessionBounds } from './session-rows.ts'

interface KeyedBounds extends SessionBounds {
  readonly key: unknown
}

interface SessionStoreParts {
  readonly retentionMs: number
  readonly widthMs: number
}

export class ProcessorSessionStore {
  readonly name: string
  readonly #rows: SessionRows
  readonly #user: StoreUser
  readonly #retentionMs: number

  constructor(store: WindowStore<unknown, TimedValues<unknown>>, user: StoreUser, { retentionMs, widthMs }: SessionStoreParts) {
    this.name = store.name
    this.#rows = new SessionRows(store, widthMs)
    this.#user = user
    this.#retentionMs = retentionMs
  }

  findSessions(key: unknown, earliestEnd: number, latestStart: number): readonly unknown[] {
    try {
      const from = Math.max(earliestEnd, this.#expiredThrough + 1)
      return this.#rows.find(key, from, latestStart).map(({ time, span, stamp, value }) => {
        return { key, start: time - span, end: time, value, timestamp: stamp }
      })
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  fetch(key: unknown): readonly unknown[] {
    return this.findSessions(key, -Infinity, Infinity)
  }

  get(session: KeyedBounds): unknown {
    try {
      return session.end <= this.#expiredThrough ? undefined : this.#rows.at(session.key, session)?.value
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  put(session: KeyedBounds, value: unknown, timestamp: number = this.#user.timestamp): void {
    this.#user.checkActive(`put into store ${this.name}`)
    this.#checkBounds(session)
    try {
      this.#rows.expire(this.#expiredThrough, this.#user.timestamp)
      if (session.end <= this.#expiredThrough) this.#user.expired()
      else this.#rows.put(session.key, session, value, timestamp)
    } catch (error) {
      throw this.#user.passing(error)
    }
  }

  remove(session: KeyedBounds): void {
    this.put(session, null)
  }

  /** Below 0 nothing has expired. */
  get #expiredThrough(): number {
    return this.#user.streamTime - this.#retentionMs
  }

  #checkBounds({ start, end }: SessionBounds): void {
    if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end) return
    throw streamError('INVALID_STREAM_OPTION', {
      what: 'not the bounds of a session',
      where: `put into store ${this.name}`,
      expected: 'start and end, milliseconds since 1970, start <= end',
      received: `${String(start)} and ${String(end)}`,
    })
  }
}
