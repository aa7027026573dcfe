import { expect, test } from 'vitest'
import { readInt16, readInt32, readInt64, readUint32, writeInt16, writeInt32, writeInt64 } from './big-endian.ts'

const bytes = Buffer.alloc(10)

test.each([0, 1, -1, 2 ** 32, -(2 ** 32), 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
  'an int64 of %i',
  (value) => {
    writeInt64(bytes, 1, value)
    expect(bytes.readBigInt64BE(1)).toBe(BigInt(value))
    expect(readInt64(bytes, 1)).toBe(value)
  },
)

test.each([2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])('an int64 of %s is out of range', (value) => {
  bytes.writeBigInt64BE(value, 1)
  expect(() => readInt64(bytes, 1)).toThrow(`NUMBER_OUT_OF_RANGE: a 64-bit number is too large (byte 1): received ${value}`)
})

test.each([2 ** 53, 0.5, NaN, Infinity])('an int64 of %d is not written', (value) => {
  expect(() => writeInt64(bytes, 0, value)).toThrow(/NUMBER_OUT_OF_RANGE/)
})

test.each([0, 1, -1, 0x7fff, -0x8000])('an int16 of %i', (value) => {
  writeInt16(bytes, 1, value)
  expect(bytes.readInt16BE(1)).toBe(value)
  expect(readInt16(bytes, 1)).toBe(value)
})

test.each([0, 1, -1, 0x7fffffff, -0x80000000])('an int32 of %i', (value) => {
  writeInt32(bytes, 1, value)
  expect(bytes.readInt32BE(1)).toBe(value)
  expect(readInt32(bytes, 1)).toBe(value)
  expect(readUint32(bytes, 1)).toBe(value >>> 0)
})
