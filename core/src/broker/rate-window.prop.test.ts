import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { RateWindow, TokenBucket } from './rate-window.ts'

describe('a rate over the newest seconds', () => {
  test('lets ten quiet seconds be used at once, and no more', () => {
    const window = new RateWindow(500)
    window.record(10_000, 500)
    expect(window.throttleMs(1_000, 500)).toBe(0)
    window.record(2_000, 500)
    expect(window.throttleMs(1_000, 500)).toBe(2_000)
  })

  test('forgets what is eleven seconds old', () => {
    const window = new RateWindow(0)
    window.record(10_000, 0)
    expect(window.total(10_999)).toBe(10_000)
    expect(window.total(11_000)).toBe(0)
    window.record(1, 1_000_000)
    expect(window.total(1_000_000)).toBe(1)
  })

  test.prop([
    fc.array(fc.record({ later: fc.nat({ max: 3_000 }), value: fc.integer({ min: 1, max: 1_000 }) })),
    fc.integer({ min: 1, max: 500 }),
  ])('is what a sum over the windows says, and whoever waits as told is within it again', (events, bound) => {
    let now = 0
    const window = new RateWindow(0)
    const all: { at: number; value: number }[] = []
    for (const { later, value } of events) {
      now += later
      window.record(value, now)
      all.push({ at: now, value })
      const newest = Math.floor(now / 1_000)
      const kept = all.filter(({ at }) => Math.floor(at / 1_000) > newest - 11)
      const total = kept.reduce((sum, one) => sum + one.value, 0)
      expect(window.total(now)).toBe(total)
      const elapsedS = 10 + (now % 1_000) / 1_000
      expect(window.throttleMs(bound, now) > 0).toBe(total / elapsedS > bound)
    }
    expect(window.throttleMs(bound, now + window.throttleMs(bound, now) + 11_000)).toBe(0)
  })
})

describe('tokens', () => {
  test('may be taken while there are any, and leave a debt', () => {
    const bucket = new TokenBucket(2, 0)
    bucket.take(22, 2, 0)
    expect(bucket.throttleMs(2, 0)).toBe(0)
    bucket.take(5, 2, 0)
    expect(bucket.throttleMs(2, 0)).toBe(2_500)
    expect(bucket.throttleMs(2, 2_000)).toBe(500)
    expect(bucket.throttleMs(2, 2_500)).toBe(0)
  })

  test('are never more than eleven seconds bring', () => {
    const bucket = new TokenBucket(2, 0)
    bucket.take(23, 2, 1_000_000)
    expect(bucket.throttleMs(2, 1_000_000)).toBe(500)
  })
})
