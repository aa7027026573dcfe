import { expect, test } from 'vitest'
import { readVarint, readVarlong, writeVarint, writeVarlong } from './varint.ts'

function written(write: (bytes: Uint8Array, at: number, value: number) => number, value: number): number[] {
  const bytes = new Uint8Array(12)
  return [...bytes.subarray(0, write(bytes, 0, value))]
}

test.each([
  [0, [0]],
  [-1, [1]],
  [1, [2]],
  [63, [0x7e]],
  [-64, [0x7f]],
  [64, [0x80, 0x01]],
  [-65, [0x81, 0x01]],
  [8191, [0xfe, 0x7f]],
  [8192, [0x80, 0x80, 0x01]],
  [0x7fffffff, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
  [-0x80000000, [0xff, 0xff, 0xff, 0xff, 0x0f]],
])('a varint of %i has the bytes of the protocol buffers', (value, bytes) => {
  expect(written(writeVarint, value)).toEqual(bytes)
  expect(written(writeVarlong, value)).toEqual(bytes)
})

test.each([
  [0x80000000, [0x80, 0x80, 0x80, 0x80, 0x10]],
  [Number.MAX_SAFE_INTEGER, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
  [Number.MIN_SAFE_INTEGER, [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
])('a varlong of %i has the bytes of the protocol buffers', (value, bytes) => {
  expect(written(writeVarlong, value)).toEqual(bytes)
})

test('readVarint refuses more than 32 bits', () => {
  expect(() => readVarint(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f), { at: 0 })).toThrow(/CORRUPT_BATCH.*more than 32 bits/)
  expect(() => readVarint(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0), { at: 0 })).toThrow(/CORRUPT_BATCH/)
})

test('readVarint takes a number with more bytes than it needs, as Kafka does', () => {
  const cursor = { at: 0 }
  expect(readVarint(Uint8Array.of(0x82, 0x80, 0), cursor)).toBe(1)
  expect(cursor.at).toBe(3)
})

test('readVarlong refuses more than 64 bits, and numbers beyond 2^53', () => {
  const ones = (last: number): Uint8Array => Uint8Array.of(...Array.from({ length: 9 }, () => 0xff), last)
  expect(() => readVarlong(ones(2), { at: 0 })).toThrow(/CORRUPT_BATCH.*more than 64 bits/)
  expect(() => readVarlong(ones(0xff), { at: 0 })).toThrow(/CORRUPT_BATCH/)
  expect(() => readVarlong(ones(1), { at: 0 })).toThrow(/NUMBER_OUT_OF_RANGE/)
  expect(() => readVarlong(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20), { at: 0 })).toThrow(
    /NUMBER_OUT_OF_RANGE/,
  )
})

test('readers say with their cursor that the bytes ended within a number', () => {
  for (const read of [readVarint, readVarlong]) {
    for (const bytes of [Uint8Array.of(), Uint8Array.of(0x80), Uint8Array.of(0xff, 0xff)]) {
      const cursor = { at: 0 }
      read(bytes, cursor)
      expect(cursor.at).toBeGreaterThan(bytes.length)
    }
  }
})
