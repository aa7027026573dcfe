import { streamError } from './stream-errors.ts'

declare const durationBrand: unique symbol

/** A span of time: a whole number of milliseconds, not negative. Made only by the functions of this file. */
export type Duration = number & { readonly [durationBrand]: true }

/** @throws WINDOW_INVALID unless it is a whole number of milliseconds from 0 to 2^53 - 1. */
export function millis(count: number): Duration {
  return duration(count, 1, 'millis')
}

/** A fraction is allowed when it makes whole milliseconds. @throws WINDOW_INVALID */
export function seconds(count: number): Duration {
  return duration(count, 1_000, 'seconds')
}

/** A fraction is allowed when it makes whole milliseconds. @throws WINDOW_INVALID */
export function minutes(count: number): Duration {
  return duration(count, 60_000, 'minutes')
}

/** A fraction is allowed when it makes whole milliseconds. @throws WINDOW_INVALID */
export function hours(count: number): Duration {
  return duration(count, 3_600_000, 'hours')
}

/** 24 hours each, in UTC: no calendar, no daylight saving time. @throws WINDOW_INVALID */
export function days(count: number): Duration {
  return duration(count, 86_400_000, 'days')
}

export function isDuration(value: unknown): value is Duration {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function duration(count: number, unitMs: number, unit: string): Duration {
  const ms = count * unitMs
  if (isDuration(ms)) return ms
  throw streamError('WINDOW_INVALID', {
    what: 'not a duration',
    where: `${unit}(${count})`,
    expected: 'whole milliseconds from 0 to 2^53 - 1',
    received: `${ms} ms`,
  })
}
