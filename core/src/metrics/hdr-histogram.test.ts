import { expect, test } from 'vitest'
import { HdrHistogram } from './hdr-histogram.ts'

test('an empty histogram answers zero', () => {
  const empty = new HdrHistogram()
  expect([empty.count, empty.sum, empty.min, empty.max, empty.percentile(50), empty.countAtMost(Infinity)]).toEqual(
    Array.from({ length: 6 }, () => 0),
  )
})

test('what is no size or time is left out', () => {
  const histogram = new HdrHistogram()
  for (const value of [NaN, -1, -Number.MIN_VALUE, Infinity, -Infinity]) histogram.record(value)
  expect(histogram).toEqual(new HdrHistogram())
  histogram.record(-0)
  expect([histogram.count, histogram.percentile(100)]).toEqual([1, 0])
})

test('values beyond the range are counted, and the largest is known', () => {
  const histogram = new HdrHistogram()
  for (const value of [Number.MIN_VALUE, 1, 2 ** 40, Number.MAX_VALUE]) histogram.record(value)
  expect(histogram.count).toBe(4)
  expect(histogram.percentile(100)).toBe(Number.MAX_VALUE)
  expect(histogram.countAtMost(Infinity)).toBe(4)
  expect(histogram.countAtMost(2 ** 34)).toBe(2)
  expect(histogram.countAtMost(0)).toBe(1)
  expect(histogram.countAtMost(-1)).toBe(0)
  expect(histogram.countAtMost(NaN)).toBe(0)
})

test('a single value is every percentile, exactly', () => {
  const histogram = new HdrHistogram()
  histogram.record(0.0123)
  expect([0, 50, 100].map((percent) => histogram.percentile(percent))).toEqual([0.0123, 0.0123, 0.0123])
})
