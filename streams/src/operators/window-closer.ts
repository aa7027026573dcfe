/**
 * Closes windows as stream time goes on: what is due goes out in the order of the ends of its windows, a few rows a turn of the loop.
 *
 * Invariants
 *   W1  A window takes nothing more from its first row on, after a restart too, also of one that died between two rows.
 *   W2  Windows are closed in the order of their ends; what there is about one end stands still while it is being closed.
 */
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { TaskContext } from '../task/task-context.ts'
import { isClosed, type Windows } from '../time/windows.ts'

/** What an operator has open, by the ends of its windows. */
export interface OpenWindows<R> {
  /** The smallest end that has rows; undefined: nothing is open. */
  firstEnd(): number | undefined
  /** The rows of the windows that end there, in the order in which they go out. */
  rowsAt(end: number): readonly R[]
  /** Lets one go. It may not be there any more. */
  close(row: R): void
  /** After some rows: the step may be committed before the next one goes. */
  paused?(): void
  /** All rows of an end are gone. */
  closed?(end: number): void
}

export interface WindowCloserParts<R> {
  readonly windows: Windows
  readonly time: StreamTime
  readonly context: TaskContext
  readonly open: OpenWindows<R>
  /** `everything`: the end of the input closes all that is open. */
  readonly atEnd: 'everything' | 'nothing'
}

/** The rows that are on their way out; a turn of the loop may end between two of them. */
interface Closing<R> {
  readonly end: number
  readonly rows: readonly R[]
  done: number
}

export class WindowCloser<R> implements Closer {
  readonly #parts: WindowCloserParts<R>
  readonly #time: StreamTime
  readonly #open: OpenWindows<R>
  /** The end of the oldest window that has rows; Infinity: none has. */
  #openEnd = Infinity
  #closing: Closing<R> | undefined
  #ended = false
  /** How far stream time would be beyond the last record. */
  #idleMs = 0

  constructor(parts: WindowCloserParts<R>) {
    this.#parts = parts
    this.#time = parts.time
    this.#open = parts.open
  }

  /** Rows may be due from the start: what was being closed when the task went down. */
  begin(): void {
    this.#findOldest()
    this.#parts.context.addCloser(this)
    this.ask()
  }

  isLate(windowEnd: number): boolean {
    return windowEnd <= this.#time.closedThrough || isClosed(this.#parts.windows, windowEnd, this.#time.now)
  }

  /** There is a row of a window that ends there. */
  opened(windowEnd: number): void {
    if (windowEnd < this.#openEnd) this.#openEnd = windowEnd
  }

  /** To be called when a record has come: stream time may have moved. */
  ask(): void {
    this.#idleMs = 0
    this.#askIfDue()
  }

  idle(idleMs: number): void {
    this.#idleMs = idleMs
    this.#askIfDue()
  }

  #askIfDue(): void {
    if (this.#isDue()) this.#parts.context.due(this)
  }

  closeDue(limit: number): boolean {
    let left = limit
    while (left > 0) {
      const closing = (this.#closing ??= this.#nextDue())
      if (closing === undefined) return false
      left -= this.#close(closing, left)
      this.#finish(closing)
    }
    this.#closing ??= this.#nextDue()
    return this.#closing !== undefined
  }

  endOfInput(): void {
    if (this.#parts.atEnd === 'nothing') return
    this.#ended = true
    this.#askIfDue()
  }

  #isDue(): boolean {
    if (this.#openEnd === Infinity) return false
    if (this.#ended || this.isLate(this.#openEnd)) return true
    return this.#idleMs > 0 && isClosed(this.#parts.windows, this.#openEnd, this.#time.now + this.#idleMs)
  }

  #nextDue(): Closing<R> | undefined {
    this.#findOldest()
    if (!this.#isDue()) return undefined
    const end = this.#openEnd
    this.#time.close(end)
    return { end, rows: this.#open.rowsAt(end), done: 0 }
  }

  #findOldest(): void {
    this.#openEnd = this.#open.firstEnd() ?? Infinity
  }

  /** Lets at most `limit` rows go; returns how many. */
  #close(closing: Closing<R>, limit: number): number {
    const { rows, done } = closing
    const until = Math.min(rows.length, done + limit)
    for (; closing.done < until; closing.done++) this.#open.close(rows[closing.done]!)
    this.#open.paused?.()
    return until - done
  }

  #finish(closing: Closing<R>): void {
    if (closing.done < closing.rows.length) return
    this.#closing = undefined
    this.#open.closed?.(closing.end)
  }
}
