import { expect, test } from 'vitest'
import { bytes } from './bytes.ts'
import { json } from './json.ts'
import { nullable } from './nullable.ts'
import { float64, int32, int64 } from './numbers.ts'
import type { Serde } from './serde.ts'
import { branded, string } from './string.ts'

function hex(written: Uint8Array | string): string {
  return Buffer.from(written).toString('hex')
}

// The bytes of Kafka's own serializers.
test.each([
  ['int32', int32, 1, '00000001'],
  ['int32', int32, -2, 'fffffffe'],
  ['int64', int64, 1, '0000000000000001'],
  ['int64', int64, -1, 'ffffffffffffffff'],
  ['int64', int64, 2 ** 32, '0000000100000000'],
  ['int64', int64, Number.MIN_SAFE_INTEGER, 'ffe0000000000001'],
  ['float64', float64, 1, '3ff0000000000000'],
  ['float64', float64, -0.1, 'bfb999999999999a'],
])('%s writes big-endian', (_name, serde, value, expected) => {
  expect(hex(serde.write(value))).toBe(expected)
  expect(serde.read(Buffer.from(expected, 'hex'))).toBe(value)
})

test.each([
  ['int32', int32, 2 ** 31, 'a whole number from -2^31 to 2^31 - 1'],
  ['int32', int32, 0.5, 'a whole number from -2^31 to 2^31 - 1'],
  ['int64', int64, 2 ** 53, 'a safe integer'],
  ['int64', int64, NaN, 'a safe integer'],
])('%s refuses to write what would come back as another number', (name, serde, value, expected) => {
  expect(() => serde.write(value)).toThrow(`${name}: expected ${expected}, received ${value}`)
})

test('int64 refuses to read what a number cannot hold', () => {
  expect(() => int64.read(Buffer.from('0020000000000001', 'hex'))).toThrow(
    'int64: expected a safe integer, received 9007199254740993',
  )
})

test.each([
  [int32, 4],
  [int64, 8],
  [float64, 8],
])('a number is read from its own count of bytes', (serde, length) => {
  for (const other of [0, length - 1, length + 1]) {
    expect(() => serde.read(new Uint8Array(other))).toThrow(`${serde.name}: expected ${length} bytes, received ${other}`)
  }
})

test('what a number was written to is not written to again', () => {
  const first = int64.write(1)
  int64.write(2)
  expect(hex(first)).toBe('0000000000000001')
})

test('string reads any array of bytes, and keeps a byte order mark', () => {
  expect(string.read(new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xa9]))).toBe('\ufeffé')
  expect(string.read(Buffer.from('xay').subarray(1, 2))).toBe('a')
})

test('string refuses bytes that are no UTF-8, and reads U+FFFD where it was written', () => {
  expect(() => string.read(Buffer.from('Caf\xe9', 'latin1'))).toThrow('string: the bytes are not UTF-8: "Caf\ufffd"')
  expect(string.read(Buffer.from('a\ufffdb'))).toBe('a\ufffdb')
})

test('branded is string with another type', () => {
  type OrderId = string & { readonly order: true }
  const serde: Serde<OrderId> = branded<OrderId>()
  expect(serde.read(Buffer.from('o-1'))).toBe('o-1')
})

test('json says what it could not read, with the text around it', () => {
  const list = Array.from({ length: 30 }, (_, i) => i).join()
  expect(() => json().read(Buffer.from(`[${list},,${list}]`))).toThrow(
    /^json: Unexpected token ',', .*29,,0,.* is not valid JSON$/,
  )
  expect(() => json().read(Buffer.from(`{"l":[${list}],1:2}`))).toThrow(
    /^json: Expected .* at position .*: …".*27,28,29\],1:2\}"$/,
  )
  expect(() => json().read(Buffer.from('{"a":1'))).toThrow(/^json: .*: "\{\\"a\\":1"$/)
  expect(() => json().read(Buffer.from(''))).toThrow('json: Unexpected end of JSON input: ""')
  expect(() => json().read(Buffer.from('"Caf\xe9"', 'latin1'))).toThrow('json: the bytes are not UTF-8')
})

test('json refuses to write what has no form in JSON', () => {
  expect(() => json().write(undefined)).toThrow('json: undefined has no form in JSON')
  expect(() => json().write(() => 1)).toThrow('json: function has no form in JSON')
})

test('bytes are passed on as they are', () => {
  const view = Uint8Array.of(1, 2)
  expect(bytes.write(view)).toBe(view)
  expect(bytes.read(view)).toBe(view)
})

test('nullable marks a serde and leaves nulls to its caller', () => {
  const serde: Serde<number | null> = nullable(int32)
  expect(serde.name).toBe('nullable(int32)')
  expect(serde.nullable).toBe(true)
  expect(int32.nullable).toBeUndefined()
  expect(serde.read(Buffer.from(serde.write(7)))).toBe(7)
  expect(() => serde.write(null)).toThrow('nullable(int32): null is written as no bytes')
})

test('nullable keeps what else stands in a serde', () => {
  const windowed = { ...int32, inner: string }
  expect(nullable(windowed)).toMatchObject({ inner: string })
})
