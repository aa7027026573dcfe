import { describe, expect, test } from 'vitest'
import { millis, type Duration } from '../time/duration.ts'
import { TimedValues } from '../time/timed-values.ts'
import { calendar, hopping, session, sliding, tumbling, unlimited, type Grace, type Windows } from '../time/windows.ts'
import { HeldWindows } from './held-windows.ts'

const dayMs = 86_400_000

/** Values at these times, shown at a stream time. */
function shown(windows: Windows, times: readonly number[], now: number, closedThrough: number = -1): readonly number[] {
  const row = TimedValues.of(times.map((time) => ({ time, span: 0, stamp: time, value: `at ${time}` })))
  const held = new HeldWindows({ kind: 'stretches', windows, widthMs: 1000 })
  return held.in(row, 0, Number.MAX_SAFE_INTEGER, { now, closedThrough }).map(({ time }) => time)
}

describe('windows in rows by time are shown until they are closed', () => {
  const [size, gap, grace]: readonly Duration[] = [millis(10), millis(10), millis(5)]
  const cases: readonly (readonly [string, (given: Grace) => Windows, times: number[], now: number, open: number[]])[] = [
    ['tumbling: end <= now - grace', (given) => tumbling({ size: size!, grace: given }), [0, 10, 20], 25, [20]],
    ['hopping', (given) => hopping({ size: size!, advance: millis(2), grace: given }), [0, 2, 4, 6], 17, [4, 6]],
    ['calendar', (given) => calendar({ unit: 'day', zone: 'UTC', grace: given }), [0, dayMs], dayMs + 5, [dayMs]],
    ['sliding: they hold their end', (given) => sliding({ difference: size!, grace: given }), [0, 2, 4], 17, [2, 4]],
    ['sessions: by gap and end', (given) => session({ gap: gap!, grace: given }), [0, 2, 4], 17, [2, 4]],
  ]

  test.each(cases)('%s', (_, windows, times, now, open) => {
    expect(shown(windows(grace!), times, now)).toEqual(open)
    expect(shown(windows('end-of-input'), times, now)).toEqual(times)
  })

  test('by the end of those that went out, whatever the time', () => {
    expect(shown(tumbling({ size: millis(10), grace: millis(1000) }), [0, 10, 20], 25, 20)).toEqual([20])
    expect(shown(session({ gap: millis(10), grace: millis(1000) }), [19, 20, 21], 25, 20)).toEqual([21])
    expect(shown(unlimited(), [0], 25)).toEqual([0])
  })
})

test('a sliding window that went out is remembered, and not shown; the span of a session is its length', () => {
  const row = TimedValues.of([{ time: 5, span: 1, stamp: 5, value: 'x' }])
  const passed = { now: 5, closedThrough: -1 }
  const of = (windows: Windows): number =>
    new HeldWindows({ kind: 'stretches', windows, widthMs: 7 }).in(row, 0, 10, passed).length
  expect(of(sliding({ difference: millis(10), grace: millis(5) }))).toBe(0)
  expect(of(session({ gap: millis(10), grace: millis(5) }))).toBe(1)
})

test('the row of a time begins its stretch, whatever the width', () => {
  const held = new HeldWindows({ kind: 'stretches', windows: unlimited(), widthMs: 7 })
  expect([0, 6, 7, 13, 14].map((time) => held.rowOf(time))).toEqual([0, 0, 7, 7, 14])
})
