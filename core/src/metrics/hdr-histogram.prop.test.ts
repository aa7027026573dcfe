import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { HdrHistogram } from './hdr-histogram.ts'

const relativeError = 1 / 128
const smallest = 2 ** -20

/** Over the whole range alike, with exact powers of two and zero among them. */
const value = fc.oneof(
  fc.double({ min: -20, max: 34, noNaN: true }).map((exponent) => 2 ** exponent),
  fc.integer({ min: -20, max: 34 }).map((exponent) => 2 ** exponent),
  fc.integer({ min: 0, max: 1000 }),
  fc.double({ min: 0, max: smallest, noNaN: true }),
)
const values = fc.array(value, { minLength: 1, maxLength: 200 })

function histogramOf(recorded: readonly number[]): HdrHistogram {
  const histogram = new HdrHistogram()
  for (const one of recorded) histogram.record(one)
  return histogram
}

/** By the definition: the smallest value that at least this share of all does not exceed. */
function exactPercentile(recorded: readonly number[], percent: number): number {
  const sorted = recorded.toSorted((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1]!
}

test.prop([values, fc.double({ min: 0, max: 100, noNaN: true })])(
  'a percentile is at most 1/128 away from the exact one',
  (recorded, percent) => {
    const exact = exactPercentile(recorded, percent)
    const off = Math.abs(histogramOf(recorded).percentile(percent) - exact)
    expect(off).toBeLessThanOrEqual(exact < smallest ? smallest : exact * relativeError)
  },
)

test.prop([values])('count, sum, min and max are exact, and the percentiles rise from one to the other', (recorded) => {
  const histogram = histogramOf(recorded)
  expect(histogram.count).toBe(recorded.length)
  expect(histogram.sum).toBe(recorded.reduce((sum, one) => sum + one, 0))
  expect(histogram.min).toBe(Math.min(...recorded))
  expect(histogram.max).toBe(Math.max(...recorded))
  const steps = Array.from({ length: 101 }, (_, percent) => histogram.percentile(percent))
  expect(steps).toEqual(steps.toSorted((a, b) => a - b))
  expect(histogram.min).toBeLessThanOrEqual(steps[0]!)
  expect(histogram.max).toBeGreaterThanOrEqual(steps[100]!)
})

test.prop([values, values])('a merge has what both have', (one, other) => {
  const merged = histogramOf(one)
  merged.merge(histogramOf(other))
  const union = histogramOf([...one, ...other])
  for (const percent of [0, 1, 50, 90, 99, 99.9, 100]) expect(merged.percentile(percent)).toBe(union.percentile(percent))
  expect([merged.count, merged.min, merged.max]).toEqual([union.count, union.min, union.max])
  expect(merged.sum).toBeCloseTo(union.sum, 3)
  for (const bound of [...one, ...other]) expect(merged.countAtMost(bound)).toBe(union.countAtMost(bound))
})

test.prop([values, value])(
  'a bound counts every value at most as large, and none that is over 1.6 % larger',
  (recorded, bound) => {
    const counted = histogramOf(recorded).countAtMost(bound)
    const largest = Math.max(bound * (1 + 1 / 64), smallest)
    expect(counted).toBeGreaterThanOrEqual(recorded.filter((one) => one <= bound).length)
    expect(counted).toBeLessThanOrEqual(recorded.filter((one) => one <= largest).length)
  },
)

test.prop([values, fc.integer({ min: -20, max: 34 })])('a bound that is a power of two counts exactly', (recorded, exponent) => {
  const bound = 2 ** exponent
  expect(histogramOf(recorded).countAtMost(bound)).toBe(recorded.filter((one) => one <= bound).length)
})

test.prop([values, values])('a copy stays as it was', (before, after) => {
  const histogram = histogramOf(before)
  const copy = histogram.copy()
  for (const one of after) histogram.record(one)
  expect(copy).toEqual(histogramOf(before))
})
