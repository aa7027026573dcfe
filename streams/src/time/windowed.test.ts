import { expect, test } from 'vitest'
import fc from 'fast-check'
import { int64, string } from '@millrace/core'
import { days, millis } from './duration.ts'
import { partitionerOf, windowed } from './windowed.ts'
import { calendar, hopping, session, sliding, tumbling, unlimited } from './windows.ts'

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

/** Written by Kafka 4.3.1: `SessionWindowedSerializer<>(new StringSerializer())` for the key "Zürich". */
test.each([
  [0, 0, '5ac3bc7269636800000000000000000000000000000000'],
  [1_000, 86_400_000, '5ac3bc726963680000000005265c0000000000000003e8'],
  [978_307_200_000, 978_307_260_000, '5ac3bc72696368000000e3c7a81e60000000e3c7a73400'],
])('the key of a session from %d to %d has the bytes of Kafka', (start, end, hex) => {
  const serde = windowed(string, session({ gap: millis(5), grace: millis(0) }))
  const bytes = serde.write({ key: 'Zürich', start, end }) as Uint8Array
  expect(Buffer.from(bytes).toString('hex')).toBe(hex)
  expect(serde.read(bytes)).toEqual({ key: 'Zürich', start, end })
})

const grace = millis(0)
test.each([
  [hopping({ size: millis(10), advance: millis(3), grace }), 6, 16],
  [sliding({ difference: millis(10), grace }), 7, 17],
  [unlimited({ start: 5 }), 5, Number.MAX_SAFE_INTEGER],
  [calendar({ unit: 'day', zone: 'Europe/Berlin', grace }), Date.UTC(2024, 2, 30, 23), Date.UTC(2024, 2, 31, 22)],
  [calendar({ unit: 'day', zone: 'Europe/Berlin', grace }), 0, Date.UTC(1970, 0, 1, 23)],
])('the end of a window is read from its definition: %o', (windows, start, end) => {
  const serde = windowed(string, windows)
  expect(serde.read(serde.write({ key: 'a', start, end }) as Uint8Array)).toEqual({ key: 'a', start, end })
})

test('bytes that cannot be the key of a session are refused', () => {
  const serde = windowed(string, session({ gap: millis(5), grace }))
  expect(() => serde.read(new Uint8Array(15))).toThrow('at least 16 bytes, not 15')
  expect(() => serde.read(Buffer.from('00000000000000010000000000000002', 'hex'))).toThrow(
    'a session does not begin at 2 and end at 1',
  )
})
