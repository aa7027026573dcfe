/**
 * What rows by time hold for a user. An operator keeps more in them: windows that went out or are closed stay until whole stretches
 * expire, and sliding windows even longer, since they begin others.
 *
 * Invariant
 *   H1  A window is shown as long as a record could still change it. That depends on the stream time of the operator and on nothing that
 *       it does later: so whether a row has left the store already makes no difference.
 */
import type { StretchesLayout } from '../plan/plan.ts'
import type { PassedTime } from '../task/stream-time.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import { windowGrid } from '../time/window-grid.ts'
import { isClosed, type Windows } from '../time/windows.ts'

export class HeldWindows {
  readonly #windows: Windows
  readonly #widthMs: number
  readonly #endOf: (time: number) => number

  constructor({ windows, widthMs }: StretchesLayout) {
    this.#windows = windows
    this.#widthMs = widthMs
    this.#endOf = endsOf(windows)
  }

  /** The start of the stretch, and so of the row, that has this time. */
  rowOf(time: number): number {
    return Math.floor(time / this.#widthMs) * this.#widthMs
  }

  /** Those with `from <= time <= to` that are there for a user, by time. */
  in(row: TimedValues<unknown>, from: number, to: number, passed: PassedTime): TimedValue<unknown>[] {
    const found: TimedValue<unknown>[] = []
    for (let index = row.indexFrom(from); index < row.size && row.at(index).time <= to; index++) {
      const value = row.at(index)
      if (this.#isHeld(value, passed)) found.push(value)
    }
    return found
  }

  /** Of other windows than sessions a span says that they went out (sliding-aggregate.ts). */
  #isHeld({ time, span }: TimedValue<unknown>, { now, closedThrough }: PassedTime): boolean {
    if (span > 0 && this.#windows.kind !== 'session') return false
    const end = this.#endOf(time)
    return end > closedThrough && !isClosed(this.#windows, end, now)
  }
}

/** The end of a window from where it stands: a session stands at its end. */
function endsOf(windows: Windows): (time: number) => number {
  if (windows.kind === 'session') return (time) => time
  if (windows.kind === 'sliding') return (time) => time + windows.difference
  const grid = windowGrid(windows)
  return (time) => grid.endOf(time)
}
