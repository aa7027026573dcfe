import fc from 'fast-check'
import { expect, test } from 'vitest'
import { json } from './json.ts'
import { float64, int32, int64 } from './numbers.ts'
import type { Serde } from './serde.ts'
import { string } from './string.ts'

/** Through bytes that stand in the middle of others, as in a batch. */
function thereAndBack<T>(serde: Serde<T>, value: T): T {
  const written = Buffer.from(serde.write(value))
  return serde.read(Buffer.concat([Buffer.of(1, 2, 3), written, Buffer.of(4)]).subarray(3, 3 + written.length))
}

test('what is well-formed text comes back', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => thereAndBack(string, text) === text))
})

test('bytes are read as text exactly when they are UTF-8', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const nearlyText = fc.array(
    fc.oneof(fc.nat(255), fc.constantFrom(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xef, 0xbf, 0xbd, 0xed, 0xa0, 0x80)),
  )
  fc.assert(
    fc.property(nearlyText, (numbers) => {
      const given = Uint8Array.from(numbers)
      let expected: string | null = null
      try {
        expected = strict.decode(given)
      } catch {
        expect(() => string.read(given)).toThrow(/^string: the bytes are not UTF-8/)
      }
      if (expected !== null) expect(string.read(given)).toBe(expected)
    }),
    { numRuns: 1000 },
  )
})

test('JSON comes back', () => {
  const same = (value: unknown): boolean => JSON.stringify(thereAndBack(json(), value)) === JSON.stringify(value)
  fc.assert(fc.property(fc.jsonValue(), same))
})

test('numbers come back', () => {
  fc.assert(fc.property(fc.integer(), (value) => thereAndBack(int32, value) === value))
  fc.assert(fc.property(fc.maxSafeInteger(), (value) => thereAndBack(int64, value) === value))
  fc.assert(fc.property(fc.double(), (value) => Object.is(thereAndBack(float64, value), value)))
})
