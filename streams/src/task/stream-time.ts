/**
 * The time of one operator that decides about lateness: the greatest timestamp it has seen. It is committed with the
 * step and restored, so that a crash neither accepts a record that was late nor refuses one that was not.
 */
export interface StreamTime extends PassedTime {
  advance(timestamp: number): void
  close(windowEnd: number): void
}

export interface PassedTime {
  /** -1 before the first record. */
  readonly now: number
  /** The end of the last window that was closed; a record for a window up to it is late. -1: none. */
  readonly closedThrough: number
}

/** An operator that emits when time passes. The loop calls it between records, as an event of its own. */
export interface Closer {
  /** Emits rows that are due, oldest first, at most `limit`. Returns true while more are due. */
  closeDue(limit: number): boolean
  /**
   * Nothing has come for so long, by the wall clock: what would be due if stream time were that much further is due. It holds until the
   * next record; what was closed by it stays closed, also over a restart.
   */
  idle?(idleMs: number): void
  /** No input comes any more: everything open is due from now on. */
  endOfInput(): void
}
