import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { windowGrid, type WindowGrid } from './window-grid.ts'
import { calendar } from './windows.ts'
import type { CalendarUnit, WeekDay } from './calendar.ts'

function grid(unit: CalendarUnit, zone: string, weekStart?: WeekDay): WindowGrid {
  return windowGrid(calendar({ unit, zone, grace: 'end-of-input', ...(weekStart === undefined ? {} : { weekStart }) }))
}

/** The window that holds the time, as text in UTC. */
function windowAt(periods: WindowGrid, time: string): readonly [string, string] {
  const start = periods.startsAt(Date.parse(time))[0]!
  return [shown(start), shown(periods.endOf(start))]
}

function shown(time: number): string {
  return new Date(time).toISOString().replace(/(:00)?\.000Z$/, '')
}

describe('days of a time zone', () => {
  test.each([
    ['Europe/Berlin', '2024-01-15T12:00Z', '2024-01-14T23:00', '2024-01-15T23:00', 24],
    ['Europe/Berlin', '2024-03-31T12:00Z', '2024-03-30T23:00', '2024-03-31T22:00', 23],
    ['Europe/Berlin', '2024-10-27T00:59Z', '2024-10-26T22:00', '2024-10-27T23:00', 25],
    ['America/New_York', '2024-03-10T12:00Z', '2024-03-10T05:00', '2024-03-11T04:00', 23],
    ['America/New_York', '2024-11-03T12:00Z', '2024-11-03T04:00', '2024-11-04T05:00', 25],
    ['Asia/Kolkata', '2024-02-29T18:30Z', '2024-02-29T18:30', '2024-03-01T18:30', 24],
    // The clock goes from midnight to one: the day begins at one.
    ['America/Sao_Paulo', '2018-11-04T12:00Z', '2018-11-04T03:00', '2018-11-05T02:00', 23],
    // At one minute past midnight the clock goes back to the day before: the second 23:01 is of the day that has begun.
    ['America/St_Johns', '2010-11-07T02:45Z', '2010-11-07T02:30', '2010-11-08T03:30', 25],
    // The 30th of December 2011 was left out.
    ['Pacific/Apia', '2011-12-30T09:59Z', '2011-12-29T10:00', '2011-12-30T10:00', 24],
    ['Pacific/Apia', '2011-12-30T10:00Z', '2011-12-30T10:00', '2011-12-31T10:00', 24],
    ['UTC', '1970-01-01T00:00Z', '1970-01-01T00:00', '1970-01-02T00:00', 24],
  ])('of %s at %s: %s to %s, %d hours', (zone, time, start, end, hours) => {
    expect(windowAt(grid('day', zone), time)).toEqual([start, end])
    expect(Date.parse(`${end}Z`) - Date.parse(`${start}Z`)).toBe(hours * 3_600_000)
  })

  test('hold their first millisecond and not their end', () => {
    const days = grid('day', 'Europe/Berlin')
    const start = Date.UTC(2024, 2, 30, 23)
    const end = Date.UTC(2024, 2, 31, 22)
    expect([start - 1, start, end - 1, end].map((time) => days.startsAt(time)[0])).toEqual([
      Date.UTC(2024, 2, 29, 23),
      start,
      start,
      end,
    ])
  })
})

test.each([
  ['week', 'Europe/Berlin', undefined, '2024-10-27T12:00Z', '2024-10-20T22:00', '2024-10-27T23:00'],
  ['week', 'Europe/Berlin', 'sunday', '2024-10-27T12:00Z', '2024-10-26T22:00', '2024-11-02T23:00'],
  ['week', 'America/New_York', 'saturday', '2024-03-09T04:59Z', '2024-03-02T05:00', '2024-03-09T05:00'],
  ['month', 'Europe/Berlin', undefined, '2024-02-29T12:00Z', '2024-01-31T23:00', '2024-02-29T23:00'],
  ['month', 'Europe/Berlin', undefined, '2024-12-31T22:59Z', '2024-11-30T23:00', '2024-12-31T23:00'],
  ['month', 'America/New_York', undefined, '2024-03-31T12:00Z', '2024-03-01T05:00', '2024-04-01T04:00'],
] as const)('a %s of %s (%s) at %s: %s to %s', (unit, zone, weekStart, time, start, end) => {
  expect(windowAt(grid(unit, zone, weekStart), time)).toEqual([start, end])
})

test('the first window begins in 1970, wherever its day does', () => {
  const days = grid('day', 'Europe/Berlin')
  expect(windowAt(days, '1970-01-01T12:00Z')).toEqual(['1970-01-01T00:00', '1970-01-01T23:00'])
})

const zones = ['Europe/Berlin', 'America/New_York', 'Pacific/Apia', 'America/St_Johns', 'Asia/Kathmandu', 'Africa/Casablanca']
test.prop([
  fc.constantFrom(...zones),
  fc.constantFrom('day' as const, 'week' as const, 'month' as const),
  fc.array(fc.integer({ min: 0, max: Date.UTC(2040, 0) }), { minLength: 1, maxLength: 5 }),
])('windows follow one another without a hole, in whatever order one asks', (zone, unit, times) => {
  const periods = grid(unit, zone)
  for (const time of times) {
    const start = periods.startsAt(time)[0]!
    const end = periods.endOf(start)
    expect(start).toBeLessThanOrEqual(time)
    expect(end).toBeGreaterThan(time)
    expect(periods.startsAt(end)[0]).toBe(end)
    expect(periods.startsAt(end - 1)[0]).toBe(start)
    expect(periods.endOf(start)).toBe(end)
  }
})
