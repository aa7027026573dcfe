import type { WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'

export interface StretchExpiryParts {
  readonly store: WindowStore<unknown, unknown>
  readonly widthMs: number
  readonly time: StreamTime
  readonly context: TaskContext
  /** Values before this time are never read again. */
  readonly floor: () => number
}

/** Removes the stretches of TimeRows that nobody reads any more, a few rows a turn of the loop. It emits nothing. */
export class StretchExpiry implements Closer {
  readonly #parts: StretchExpiryParts

  constructor(parts: StretchExpiryParts) {
    this.#parts = parts
    parts.context.addCloser(this)
    this.ask()
  }

  /** To be called when stream time may have moved. */
  ask(): void {
    if (this.#isDue()) this.#parts.context.due(this)
  }

  closeDue(limit: number): boolean {
    const { store, time } = this.#parts
    for (let left = limit; left > 0 && this.#isDue();) left -= store.deleteAt(store.firstStart()!, left, Math.max(0, time.now))
    return this.#isDue()
  }

  /** Time alone removes. */
  endOfInput(): void {}

  #isDue(): boolean {
    const { store, widthMs, floor } = this.#parts
    const start = store.firstStart()
    return start !== undefined && start + widthMs <= floor()
  }
}
