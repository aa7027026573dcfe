import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { durationMsOf, timeOf } from './times.ts'
import { UsageError } from './usage-error.ts'

property.prop([fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })])(
  'times of ISO 8601 are read as JavaScript reads them',
  (date) => {
    expect(timeOf('at', date.toISOString())).toBe(date.getTime())
  },
)

test.each([
  ['2026-01-31', Date.UTC(2026, 0, 31)],
  ['2026-01-31T12:30', Date.UTC(2026, 0, 31, 12, 30)],
  ['2026-01-31 12:30:05.5', Date.UTC(2026, 0, 31, 12, 30, 5, 500)],
  ['2024-02-29T00:00:00+02:30', Date.UTC(2024, 1, 28, 21, 30)],
  ['2024-02-29T00:00:00-0100', Date.UTC(2024, 1, 29, 1)],
  ['1700000000000', 1_700_000_000_000],
])('%s is a time', (text, expected) => {
  expect(timeOf('at', text)).toBe(expected)
})

test.each(['now', '2026-02-29', '2026-13-01', '2026-00-10', '2026-01-01T24:00', '26-01-01', '-5', ''])(
  '%s is no time',
  (text) => {
    expect(() => timeOf('at', text)).toThrow(UsageError)
  },
)

test('durations', () => {
  expect(durationMsOf('by', 'P1DT2H3M4.5S')).toBe(86_400_000 + 2 * 3_600_000 + 3 * 60_000 + 4_500)
  expect(durationMsOf('by', 'PT30M')).toBe(1_800_000)
  for (const text of ['P', 'PT', 'P1M', '1D', 'PT1', 'P-1D']) expect(() => durationMsOf('by', text), text).toThrow(UsageError)
})
