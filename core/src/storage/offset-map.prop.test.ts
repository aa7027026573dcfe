import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OffsetMap } from './offset-map.ts'

test('it is a map of the latest offsets until it is full', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 48, max: 2400 }),
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 100 })), { maxLength: 200 }),
      (budgetBytes, keys) => {
        const map = new OffsetMap(budgetBytes)
        const model = new Map<string, number>()
        keys.every((key, offset) => {
          if (map.isFull) return false
          map.put(key, offset)
          map.reach(offset)
          model.set(Buffer.from(key).toString('hex'), offset)
          return true
        })
        expect(map.size).toBe(model.size)
        expect(map.isFull).toBe(
          model.size >= Math.min(Math.ceil(Math.floor(budgetBytes / 24) * 0.9), Math.floor(budgetBytes / 24) - 1),
        )
        for (const key of keys) expect(map.offsetOf(key)).toBe(model.get(Buffer.from(key).toString('hex')) ?? -1)
        expect(map.latestOffset).toBe(Math.max(-1, ...model.values()))
      },
    ),
  )
})

test('an earlier offset does not replace a later one', () => {
  const map = new OffsetMap(240)
  map.put(Buffer.from('k'), 7)
  map.put(Buffer.from('k'), 3)
  expect(map.offsetOf(Buffer.from('k'))).toBe(7)
})

test('offsets beyond 32 bits and the first one are kept', () => {
  const map = new OffsetMap(240)
  map.put(Buffer.from('first'), 0)
  map.put(Buffer.from('far'), 2 ** 52)
  expect([map.offsetOf(Buffer.from('first')), map.offsetOf(Buffer.from('far')), map.offsetOf(Buffer.from('none'))]).toEqual([
    0,
    2 ** 52,
    -1,
  ])
})

test('a budget without room for a key is refused', () => {
  expect(() => new OffsetMap(47)).toThrow('47 bytes')
})
