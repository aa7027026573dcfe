/**
 * The sessions of keys, any that a processor puts, over a window store whose rows are stretches of equal width.
 *
 *   row of the store    (key, start of the stretch) → the key's sessions that end in it: time = end, span = end - start; by end, then start
 *
 * Invariants
 *   S1  A session is told by key, start and end; what is put again takes its place.
 *   S2  Sessions that end at or before the floor are not shown; their rows go by whole stretches.
 */
import type { Stamped, WindowStore } from '../task/stores.ts'
import { TimedValues, type TimedValue } from '../time/timed-values.ts'

export interface SessionBounds {
  readonly start: number
  readonly end: number
}

type Session = TimedValue<unknown>

export class SessionRows {
  readonly #store: WindowStore<unknown, TimedValues<unknown>>
  readonly #widthMs: number

  /** `widthMs`: as in the plan; it stays the same for as long as the store lives. */
  constructor(store: WindowStore<unknown, TimedValues<unknown>>, widthMs: number) {
    this.#store = store
    this.#widthMs = widthMs
  }

  /** Those that end at `earliestEnd` or later and begin at `latestStart` or earlier, by end, then by start. */
  find(key: unknown, earliestEnd: number, latestStart: number): readonly Session[] {
    const starts = this.#store.starts().filter((start) => start + this.#widthMs > earliestEnd)
    return starts
      .toSorted((a, b) => a - b)
      .flatMap((start) => this.#row(key, start))
      .filter(({ time, span }) => time >= earliestEnd && time - span <= latestStart)
  }

  at(key: unknown, bounds: SessionBounds): Stamped<unknown> | undefined {
    const found = this.#row(key, this.#startOf(bounds)).find((session) => isAt(session, bounds))
    return found && { value: found.value, timestamp: found.stamp }
  }

  /** Null: there is none any more. */
  put(key: unknown, bounds: SessionBounds, value: unknown, stamp: number): void {
    const start = this.#startOf(bounds)
    const before = this.#row(key, start)
    const others = before.filter((session) => !isAt(session, bounds))
    if (value === null && others.length === before.length) return
    const { end: time } = bounds
    const sessions = value === null ? others : [...others, { time, span: time - bounds.start, stamp, value }].toSorted(byBounds)
    if (sessions.length === 0) this.#store.delete(key, start, stamp)
    else this.#store.put(key, start, TimedValues.of(sessions), stamp)
  }

  /** Removes the stretches in which every session ends at or before the time. */
  expire(through: number, stamp: number): void {
    for (let start = this.#store.firstStart(); start !== undefined && start + this.#widthMs - 1 <= through;) {
      this.#store.deleteAt(start, Infinity, stamp)
      start = this.#store.firstStart()
    }
  }

  #row(key: unknown, start: number): Session[] {
    return this.#store.get(key, start)?.value.toArray() ?? []
  }

  #startOf({ end }: SessionBounds): number {
    return Math.floor(end / this.#widthMs) * this.#widthMs
  }
}

function isAt({ time, span }: Session, { start, end }: SessionBounds): boolean {
  return time === end && time - span === start
}

function byBounds(one: Session, other: Session): number {
  return one.time - other.time || other.span - one.span
}
