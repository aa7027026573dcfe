import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { RowRing } from './row-ring.ts'

const bytes = (key: string, value: string): Uint8Array => new Uint8Array(Buffer.from(key + value))

function put(ring: RowRing, key: string, value: string): void {
  const whole = bytes(key, value)
  ring.put(whole, Buffer.byteLength(key), whole.length)
}

function get(ring: RowRing, key: string): string | undefined {
  const found = ring.get(bytes(key, 'whatever stands behind'), Buffer.byteLength(key))
  return found && Buffer.from(found).toString()
}

describe('a row ring', () => {
  const change = fc.record({
    key: fc.nat(400).map((key) => `key ${key}`),
    value: fc.option(
      fc.tuple(fc.nat(20), fc.oneof({ weight: 20, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(3_000) })),
    ),
  })

  test.prop([fc.array(change, { minLength: 200, maxLength: 2_000, size: 'max' })], { numRuns: 50 })(
    'has the newest version of a row or none, however often it goes round',
    (changes) => {
      const ring = new RowRing(16_384)
      const model = new Map<string, string>()
      for (const [i, { key, value }] of changes.entries()) {
        if (value === null) {
          ring.delete(bytes(key, ''), key.length)
          model.delete(key)
        } else {
          const text = `${i}`.padEnd(value[0] + value[1], 'x')
          put(ring, key, text)
          model.set(key, text)
        }
        expect([undefined, model.get(key)]).toContain(get(ring, key))
      }
      for (let key = 0; key <= 400; key++) expect([undefined, model.get(`key ${key}`)]).toContain(get(ring, `key ${key}`))
    },
  )

  test('has nothing before it was given anything', () => {
    expect(get(new RowRing(1_000_000), 'a')).toBeUndefined()
  })

  // So many that some of their hashes are equal.
  test('grows with its rows, has nearly all that its memory can hold, and mixes up none', () => {
    const ring = new RowRing(24 * 1024 * 1024)
    const rows = 300_000
    const keyOf = (row: number): string => `${(Math.imul(row + 1, 0x9e37_79b1) >>> 0).toString(36)} ${row}`
    for (let row = 0; row < rows; row++) put(ring, keyOf(row), `value ${row}`.padEnd(28))
    const found = Array.from({ length: rows }, (_, row) => [row, get(ring, keyOf(row))?.trimEnd()] as const)
    const there = found.filter(([, value]) => value !== undefined)
    expect(there.filter(([row, value]) => value !== `value ${row}`)).toEqual([])
    expect(there.length).toBeGreaterThan(rows * 0.95)
  })

  test('does not take what a later row holds for a row that it has overwritten', () => {
    const ring = new RowRing(16_384)
    const entryBytes = 64
    const fill = (row: number): void => put(ring, `key ${row}`.padEnd(16), 'x'.repeat(entryBytes - 8 - 16))
    fill(0)
    put(ring, 'victim'.padEnd(16), 'x'.repeat(entryBytes - 8 - 16))
    for (let row = 2; row < 16_384 / entryBytes; row++) fill(row)
    const image = Buffer.alloc(entryBytes)
    image.writeUInt32LE(16, 0)
    image.writeUInt32LE(40, 4)
    image.write('victim'.padEnd(16), 8)
    // The next row begins where the first did: header, key of one byte, and the image where the victim stood.
    const value = Buffer.concat([Buffer.alloc(entryBytes - 8 - 1), image])
    ring.put(Buffer.concat([Buffer.from('k'), value]), 1, 1 + value.length)
    expect(get(ring, 'victim'.padEnd(16))).toBeUndefined()
  })

  test('has the newest rows when they are more than it can hold', () => {
    const ring = new RowRing(100_000)
    for (let row = 0; row < 10_000; row++) put(ring, `key ${row}`, 'x'.repeat(24))
    expect(get(ring, 'key 9999')).toBe('x'.repeat(24))
    expect(get(ring, 'key 0')).toBeUndefined()
  })

  test('does not keep a row that would push most others out, nor what it had of that row', () => {
    const ring = new RowRing(100_000)
    put(ring, 'a', 'small')
    put(ring, 'a', 'x'.repeat(50_000))
    expect(get(ring, 'a')).toBeUndefined()
  })
})
