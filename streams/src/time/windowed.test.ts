import { expect, test } from 'vitest'
import fc from 'fast-check'
import { int64, string } from '@millrace/core'
import { days, millis } from './duration.ts'
import { partitionerOf, windowed } from './windowed.ts'
import { tumbling } from './windows.ts'

const daily = tumbling({ size: days(1), grace: 'end-of-input' })

/** Written by Kafka 4.3.1: `TimeWindowedSerializer<>(new StringSerializer())` for the key "Zürich". */
test.each([
  [0, '5ac3bc726963680000000000000000'],
  [86_400_000, '5ac3bc726963680000000005265c00'],
  [978_307_200_000, '5ac3bc72696368000000e3c7a73400'],
  [9_007_199_254_740_000, '5ac3bc72696368001ffffffffffc20'],
])('a windowed key from %d has the bytes of Kafka', (start, hex) => {
  const bytes = windowed(string, daily).write({ key: 'Zürich', start, end: start + daily.size }) as Uint8Array
  expect(Buffer.from(bytes).toString('hex')).toBe(hex)
})

test('what was written is read, the end from the definition of the windows', () => {
  const minute = tumbling({ size: millis(60_000), grace: millis(0) })
  const serde = windowed(int64, minute)
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat({ max: 10 ** 9 }), (key, index) => {
      const start = index * minute.size
      expect(serde.read(serde.write({ key, start, end: start + 1 }) as Uint8Array)).toEqual({ key, start, end: start + 60_000 })
    }),
  )
})

test('bytes that cannot be a windowed key are refused', () => {
  expect(() => windowed(string, daily).read(new Uint8Array(7))).toThrow('at least 8 bytes, not 7')
  expect(() => windowed(string, daily).read(new Uint8Array(8).fill(255))).toThrow('the start of a window is not')
})

test('the key inside decides the partition of a windowed key; other keys decide for themselves', () => {
  expect(partitionerOf(windowed(string, daily) as never)?.write({ key: 'BOS', start: 0, end: 1 })).toBe('BOS')
  expect(partitionerOf(string as never)).toBeNull()
})
