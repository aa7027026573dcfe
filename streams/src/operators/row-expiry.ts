import type { Closer } from '../task/stream-time.ts'
import type { ExpiringStore } from '../task/stores.ts'
import type { TaskContext } from '../task/task-context.ts'
import { stretchOfTtl } from '../time/time-to-live.ts'

interface RowExpiryParts {
  readonly store: ExpiringStore<unknown, unknown>
  readonly ttlMs: number
  readonly context: TaskContext
  /** Takes the row away. */
  readonly expire: (key: unknown, stamp: number) => void
}

/**
 * Takes away the rows of a store whose time to live is over by the task's stream time, a few a turn of the loop. Readers do not see them
 * before that, so it does not matter when they go.
 */
export function letRowsExpire(parts: RowExpiryParts): void {
  const expiry = new RowExpiry(parts)
  const { context, ttlMs } = parts
  context.addCloser(expiry)
  context.punctuators.schedule('stream-time', stretchOfTtl(ttlMs), () => expiry.ask())
  expiry.ask()
}

class RowExpiry implements Closer {
  readonly #parts: RowExpiryParts

  constructor(parts: RowExpiryParts) {
    this.#parts = parts
  }

  closeDue(limit: number): boolean {
    const { store, expire, context } = this.#parts
    const stamp = Math.max(0, context.punctuators.streamTime)
    for (const key of store.takeExpired(this.#through, limit)) expire(key, stamp)
    return store.hasExpired(this.#through)
  }

  /** Time alone takes away. */
  endOfInput(): void {}

  ask(): void {
    if (this.#parts.store.hasExpired(this.#through)) this.#parts.context.due(this)
  }

  get #through(): number {
    return this.#parts.context.punctuators.streamTime - this.#parts.ttlMs
  }
}
