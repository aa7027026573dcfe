import { isDuration, type Duration } from './duration.ts'
import { checkCount, checkOptions } from './options.ts'
import { streamError } from './stream-errors.ts'
import type { Windowed } from './windowed.ts'

declare const keys: unique symbol

/** How much a buffer may hold. */
export interface BufferBounds {
  /** Default: no bound. */
  readonly maxRecords?: number
  /** Of keys and values, as their serdes write them. Default: no bound. */
  readonly maxBytes?: number
}

/** What holds updates of a table back, and until when. Made by `suppress`. */
export interface Suppression<in K> {
  readonly until: 'window-closes' | 'time-limit'
  /** Of `time-limit`: measured in stream time from the first update that is held back. Otherwise 0. */
  readonly waitMs: number
  /** Infinity: no bound. */
  readonly maxRecords: number
  readonly maxBytes: number
  readonly whenFull: 'emit' | 'fail'
  /** Only for the compiler. */
  readonly [keys]?: (key: K) => void
}

interface Suppress {
  /**
   * Each row once, with its last value, when stream time says that its window is closed. Rows that were deleted are not emitted. A full
   * buffer stops the application (SUPPRESS_BUFFER_FULL): nothing that may still change goes out.
   * @throws INVALID_STREAM_OPTION
   */
  untilWindowCloses(bounds?: BufferBounds): Suppression<Windowed<unknown>>
  /**
   * The last value of a key, once `duration` of stream time has gone by since its first update that was held back. A full buffer emits
   * the oldest ones early (`emit`, the default), or stops the application (`fail`: SUPPRESS_BUFFER_FULL).
   * @throws WINDOW_INVALID, INVALID_STREAM_OPTION
   */
  untilTimeLimit(duration: Duration, bounds?: BufferBounds & { readonly whenFull?: 'emit' | 'fail' }): Suppression<unknown>
}

/** Until when a table holds its updates back (KIP-328). */
export const suppress: Suppress = {
  untilWindowCloses(bounds = {}) {
    checkOptions('suppress.untilWindowCloses', bounds, ['maxRecords', 'maxBytes'])
    return Object.freeze({ until: 'window-closes', waitMs: 0, ...boundsIn(bounds), whenFull: 'fail' })
  },
  untilTimeLimit(duration, bounds = {}) {
    const where = 'suppress.untilTimeLimit'
    checkOptions(where, bounds, ['maxRecords', 'maxBytes', 'whenFull'])
    const { whenFull = 'emit', ...others } = bounds
    if (!isDuration(duration)) {
      throw streamError('WINDOW_INVALID', { what: 'the time limit', where, expected: 'a duration', received: String(duration) })
    }
    if (whenFull !== 'emit' && whenFull !== 'fail') {
      const what = 'what a full buffer does'
      throw streamError('INVALID_STREAM_OPTION', { what, where, expected: 'emit or fail', received: String(whenFull) })
    }
    return Object.freeze({ until: 'time-limit', waitMs: duration, ...boundsIn(others), whenFull })
  },
}

function boundsIn(bounds: BufferBounds): { readonly maxRecords: number; readonly maxBytes: number } {
  for (const [name, bound] of Object.entries(bounds)) if (bound !== undefined) checkCount(`suppress, ${name}`, bound)
  return { maxRecords: bounds.maxRecords ?? Infinity, maxBytes: bounds.maxBytes ?? Infinity }
}

/** @throws INVALID_STREAM_OPTION when it was not made by `suppress`. */
export function checkSuppression(given: unknown): void {
  const until = (given as Partial<Suppression<never>> | null | undefined)?.until
  if (until === 'window-closes' || until === 'time-limit') return
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'nothing says until when',
    where: 'suppress, until',
    expected: 'suppress.untilWindowCloses(...) or suppress.untilTimeLimit(...)',
    received: typeof given,
  })
}
