import { expect, test } from 'vitest'
import { days, millis, seconds, type Duration } from './duration.ts'
import { windowGrid } from './window-grid.ts'
import {
  calendar,
  checkWindows,
  hopping,
  isClosed,
  session,
  sliding,
  tumbling,
  unlimited,
  type TumblingWindows,
} from './windows.ts'

const windowStart = (windows: TumblingWindows, timestamp: number): number => windowGrid(windows).startsAt(timestamp)[0]!

test('a window holds its start and not its end', () => {
  const windows = tumbling({ size: millis(10), grace: millis(0) })
  expect([0, 9, 10, 19, 20].map((timestamp) => windowStart(windows, timestamp))).toEqual([0, 0, 10, 10, 20])
})

test('windows of a day start at midnight UTC, also before the daylight saving change', () => {
  const windows = tumbling({ size: days(1), grace: 'end-of-input' })
  expect(windowStart(windows, Date.UTC(2001, 3, 1, 23, 59, 59, 999))).toBe(Date.UTC(2001, 3, 1))
})

test('a window is closed when its end is not after stream time less grace (KIP-633)', () => {
  const windows = tumbling({ size: seconds(10), grace: seconds(5) })
  expect(isClosed(windows, 10_000, 14_999)).toBe(false)
  expect(isClosed(windows, 10_000, 15_000)).toBe(true)
})

test('with grace until the end of the input no stream time closes a window', () => {
  expect(isClosed(tumbling({ size: seconds(10), grace: 'end-of-input' }), 10_000, Number.MAX_SAFE_INTEGER)).toBe(false)
})

test.each([
  [{ size: 0, grace: 0 }, 'the size of windows (tumbling): expected a duration above 0, received 0'],
  [{ size: 1.5, grace: 0 }, 'the size of windows'],
  [{ size: 10, grace: -1 }, `the grace of windows (tumbling): expected a duration or 'end-of-input', received -1`],
  [{ size: 10 }, 'the grace of windows'],
  [{ size: 10, grace: 'never' }, 'received never'],
])('tumbling(%o) is refused', (options, message) => {
  expect(() => tumbling(options as { size: Duration; grace: Duration })).toThrow(message)
})

test('an unknown option is refused by name', () => {
  const options = { size: millis(1), grace: millis(0), hop: 1 }
  expect(() => tumbling(options)).toThrow('INVALID_STREAM_OPTION: unknown option (tumbling): expected size, grace, received hop')
})

test('hopping windows that hold a time begin every advance, and none before 1970', () => {
  const grid = windowGrid(hopping({ size: millis(10), advance: millis(4), grace: millis(0) }))
  expect([0, 3, 4, 9, 10, 13, 14].map((time) => [...grid.startsAt(time)])).toEqual([
    [0],
    [0],
    [0, 4],
    [0, 4, 8],
    [4, 8],
    [4, 8, 12],
    [8, 12],
  ])
  expect(grid.endOf(8)).toBe(18)
})

test('windows that hop by their size are tumbling windows', () => {
  const hops = windowGrid(hopping({ size: millis(7), advance: millis(7), grace: millis(0) }))
  const tumbles = windowGrid(tumbling({ size: millis(7), grace: millis(0) }))
  for (let time = 0; time < 50; time++) expect(hops.startsAt(time)).toEqual(tumbles.startsAt(time))
})

test('a window without an end holds what is not before it', () => {
  const grid = windowGrid(unlimited({ start: 5 }))
  expect([4, 5, 1e12].map((time) => [...grid.startsAt(time)])).toEqual([[], [5], [5]])
  expect(grid.endOf(5)).toBe(Number.MAX_SAFE_INTEGER)
})

test('what holds its end stays open a millisecond longer; a session for its gap too', () => {
  const slides = sliding({ difference: millis(3), grace: millis(5) })
  expect([15, 16].map((now) => isClosed(slides, 10, now))).toEqual([false, true])
  const sessions = session({ gap: millis(20), grace: millis(5) })
  expect([35, 36].map((now) => isClosed(sessions, 10, now))).toEqual([false, true])
})

const [one, none] = [millis(1), millis(0)]
const bare = (value: unknown): Duration => value as Duration
test.each([
  [
    () => hopping({ size: none, advance: one, grace: none }),
    'the size of windows (hopping): expected a duration above 0, received 0',
  ],
  [() => hopping({ size: one, advance: none, grace: none }), 'the advance of windows (hopping): expected a duration above 0'],
  [() => hopping({ size: one, advance: bare(-1), grace: none }), 'received -1'],
  [
    () => hopping({ size: one, advance: millis(2), grace: none }),
    'the advance of windows (hopping): expected at most the size, 1',
  ],
  [() => hopping({ size: one, advance: one } as never), 'the grace of windows (hopping)'],
  [() => sliding({ difference: bare(-1), grace: none }), 'the difference of windows (sliding): expected a duration, received -1'],
  [() => sliding({ difference: one, grace: bare(-2) }), 'the grace of windows (sliding)'],
  [() => session({ gap: none, grace: none }), 'the gap of windows (session): expected a duration above 0, received 0'],
  [() => session({ gap: one } as never), 'the grace of windows (session)'],
  [() => unlimited({ start: -1 }), 'the start of windows (unlimited)'],
  [
    () => calendar({ unit: 'year' as never, zone: 'UTC', grace: none }),
    'the unit of windows (calendar): expected day, week or month',
  ],
  [() => calendar({ unit: 'day', zone: 'Europe/Atlantis', grace: none }), 'the zone of windows (calendar): expected a time zone'],
  [() => calendar({ unit: 'day', grace: none } as never), 'the zone of windows (calendar)'],
  [() => calendar({ unit: 'week', zone: 'UTC', weekStart: 'someday' as never, grace: none }), 'the weekStart of windows'],
  [() => calendar({ unit: 'day', zone: 'UTC' } as never), 'the grace of windows (calendar)'],
  [() => checkWindows({ kind: 'rolling' } as never), 'no windows (windowedBy): expected tumbling({ ... }), hopping({ ... })'],
  [() => checkWindows(undefined as never), 'received undefined'],
])('%s is refused', (make, message) => {
  expect(make).toThrow(message)
  expect(make).toThrow('WINDOW_INVALID')
})
