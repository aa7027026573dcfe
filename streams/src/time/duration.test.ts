import { expect, test } from 'vitest'
import { days, hours, millis, minutes, seconds } from './duration.ts'

test('durations are milliseconds', () => {
  expect([millis(5), seconds(5), minutes(5), hours(5), days(5)]).toEqual([5, 5_000, 300_000, 18_000_000, 432_000_000])
})

test('a fraction passes when it makes whole milliseconds', () => {
  expect(seconds(1.5)).toBe(1_500)
  expect(() => millis(0.5)).toThrow(
    'WINDOW_INVALID: not a duration (millis(0.5)): expected whole milliseconds from 0 to 2^53 - 1, received 0.5 ms',
  )
})

test.each([-1, NaN, Infinity, 2 ** 53])('no duration has %d ms', (count) => {
  expect(() => millis(count)).toThrow('WINDOW_INVALID')
})
