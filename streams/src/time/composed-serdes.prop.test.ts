import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { bytes, int64, json, string } from '@millrace/core'
import { listOf, paired, sameBytes } from './composed-serdes.ts'

const asBytes = (written: Uint8Array | string): Uint8Array => (typeof written === 'string' ? Buffer.from(written) : written)
const texts = fc.string({ unit: 'binary' })

test.prop([texts, fc.uint8Array()])('a pair comes back', (first, second) => {
  const serde = paired(string, bytes)
  const [a, b] = serde.read(asBytes(serde.write([first, second])))
  expect([a, Buffer.from(b)]).toEqual([first, Buffer.from(second)])
})

test.prop([fc.array(texts)])('a list comes back, also an empty one, and one of empty texts', (given) => {
  const serde = listOf(string)
  expect(serde.read(asBytes(serde.write(given)))).toEqual(given)
})

test.prop([texts, texts, texts, texts])('pairs are equal bytes only when they are equal', (a, b, c, d) => {
  const serde = paired(string, string)
  const same = Buffer.from(asBytes(serde.write([a, b]))).equals(Buffer.from(asBytes(serde.write([c, d]))))
  expect(same).toBe(a === c && b === d)
})

test.prop([fc.array(texts, { minLength: 1 }), fc.nat()])('what ends too early is refused', (given, cut) => {
  const serde = listOf(string)
  const whole = asBytes(serde.write(given))
  const short = whole.subarray(0, cut % whole.length)
  const sizes = given.map((_, index) => asBytes(serde.write(given.slice(0, index))).length)
  if (sizes.includes(short.length)) expect(serde.read(short).length).toBeLessThan(given.length)
  else expect(() => serde.read(short)).toThrow(RangeError)
})

test('values are the same when their bytes are', () => {
  const same = sameBytes(json<unknown>())
  expect(same({ a: 1 }, { a: 1 })).toBe(true)
  expect(same({ a: 1 }, { a: 2 })).toBe(false)
  expect(sameBytes(int64)(5, 5)).toBe(true)
})
