import { expect, test } from 'vitest'
import { days, millis, seconds, type Duration } from './duration.ts'
import { windowGrid } from './window-grid.ts'
import { isClosed, tumbling, type TumblingWindows } from './windows.ts'

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
