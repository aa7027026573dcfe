import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { Rise, Stat } from './sampled.ts'

describe('Stat', () => {
  test('of nothing is NaN', () => {
    const stat = new Stat()
    expect([stat.avg, stat.max, stat.min]).toEqual([Number.NaN, Number.NaN, Number.NaN])
  })

  property.prop([fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 5 }), { minLength: 1, maxLength: 6 })])(
    'is that of the window that is open and the one before',
    (windows) => {
      const stat = new Stat()
      windows.forEach((values, index) => {
        if (index > 0) stat.turn()
        for (const value of values) if (value !== 0) stat.record(value)
        stat.recordZeros(values.filter((value) => value === 0).length)
      })
      const seen = windows.slice(-2).flat()
      fc.pre(seen.length > 0)
      expect(stat.avg).toBeCloseTo(seen.reduce((sum, value) => sum + value, 0) / seen.length)
      expect([stat.min, stat.max]).toEqual([Math.min(...seen), Math.max(...seen)])
    },
  )
})

describe('Rise', () => {
  test('is by the second, over the time that has passed, and over two windows at most', () => {
    let total = 5
    const rise = new Rise(() => total, 1000)
    expect(rise.perSecond(1000)).toBe(0)
    total = 25
    expect(rise.perSecond(3000)).toBe(10)
    rise.turn(31_000)
    total = 85
    expect(rise.perSecond(41_000)).toBe(2)
    rise.turn(61_000)
    expect(rise.change).toBe(60)
    expect(rise.perSecond(61_000)).toBe(2)
    rise.turn(91_000)
    expect(rise.perSecond(121_000)).toBe(0)
  })
})
