import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readVarint, readVarlong, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'

/** Every length comes up: a number of bits first, then a number of so many. */
const anySafeInteger = fc
  .tuple(fc.integer({ min: 0, max: 53 }), fc.maxSafeNat(), fc.boolean())
  .map(([bits, number, negative]) => (number % 2 ** bits) * (negative ? -1 : 1) || 0)

test('a varint comes back, in as many bytes as its size says', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.integer(),
        anySafeInteger.map((value) => value | 0),
      ),
      fc.nat(3),
      (value, at) => {
        const bytes = new Uint8Array(20)
        const end = writeVarint(bytes, at, value)
        expect(end - at).toBe(varintSize(value))
        const cursor = { at }
        expect(readVarint(bytes, cursor)).toBe(value)
        expect(cursor.at).toBe(end)
      },
    ),
  )
})

test('a varlong comes back, in as many bytes as its size says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), anySafeInteger), fc.nat(3), (value, at) => {
      const bytes = new Uint8Array(20)
      const end = writeVarlong(bytes, at, value)
      expect(end - at).toBe(varlongSize(value))
      const cursor = { at }
      expect(readVarlong(bytes, cursor)).toBe(value)
      expect(cursor.at).toBe(end)
    }),
  )
})

test('a varlong has the bytes of the same number in 64 bits', () => {
  fc.assert(
    fc.property(anySafeInteger, (value) => {
      const bytes = new Uint8Array(20)
      expect([...bytes.subarray(0, writeVarlong(bytes, 0, value))]).toEqual(slowly(BigInt(value)))
    }),
  )
})

function slowly(value: bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return [...bytes, Number(rest)]
}
