import { fc, test } from '@fast-check/vitest'
import { crc32c } from '@millrace/core'
import { describe, expect } from 'vitest'
import { isSealed, seal, sealedTimestamp, sealedValue } from './seal.ts'
import { Scratch } from './scratch.ts'

const timestamp = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER })
/** On both sides of the length from which native code computes the CRC, and of the first size of the scratch. */
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 5_000, size: 'max' }))

function sealed(scratch: Scratch, key: Uint8Array, time: number, value: Uint8Array | string): Uint8Array {
  const keyEnd = scratch.write(key, 0)
  return new Uint8Array(scratch.bytes(keyEnd, seal(scratch, keyEnd, time, value)))
}

describe('a seal', () => {
  test.prop([bytes, timestamp, bytes])('gives back what was sealed, by the CRC-32C of all of it', (key, time, value) => {
    const scratch = new Scratch()
    const row = sealed(scratch, key, time, value)
    expect(isSealed(scratch, scratch.write(key, 0), row)).toBe(true)
    expect(sealedTimestamp(row)).toBe(time)
    expect(new Uint8Array(sealedValue(row))).toEqual(value)
    expect(Buffer.from(row).readUInt32BE(row.length - 4)).toBe(crc32c(Buffer.concat([key, row.subarray(0, -4)])))
  })

  test.prop([fc.string({ unit: 'binary' })])('of a text is that of its UTF-8', (text) => {
    const key = Uint8Array.of(1)
    expect(sealed(new Scratch(), key, 0, text)).toEqual(sealed(new Scratch(), key, 0, Buffer.from(text)))
  })

  test.prop([bytes, bytes, fc.nat()])('breaks with any one bit', (key, value, bit) => {
    const scratch = new Scratch()
    const row = sealed(scratch, key, 1, value)
    const at = (bit >> 3) % row.length
    row[at] = row[at]! ^ (1 << (bit & 7))
    expect(isSealed(scratch, scratch.write(key, 0), row)).toBe(false)
  })

  test.prop([bytes, bytes, bytes])('breaks under another key', (key, other, value) => {
    const scratch = new Scratch()
    const row = sealed(scratch, key, 1, value)
    expect(isSealed(scratch, scratch.write(other, 0), row)).toBe(Buffer.compare(key, other) === 0)
  })

  test('is not found in what is too short for one', () => {
    expect(isSealed(new Scratch(), 0, new Uint8Array(11))).toBe(false)
  })
})
