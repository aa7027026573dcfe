import { expect, test } from 'vitest'
import { NodeRandom } from './node-random.ts'

test('gives as many bytes as asked for, and none twice', () => {
  const random = new NodeRandom()
  const drawn = Array.from({ length: 2000 }, (_, index) => Buffer.from(random.bytes(8 + (index % 9))).toString('hex'))
  expect(drawn.map((text) => text.length / 2)).toEqual(drawn.map((_, index) => 8 + (index % 9)))
  expect(new Set(drawn.map((text) => text.slice(0, 16))).size).toBe(drawn.length)
  expect(random.bytes(0).length).toBe(0)
  expect(random.bytes(100_000).length).toBe(100_000)
})

test('what was given out belongs to the caller', () => {
  const random = new NodeRandom()
  const first = random.bytes(16)
  const copy = [...first]
  random.bytes(16).fill(0)
  expect([...first]).toEqual(copy)
  expect(first.buffer.byteLength).toBe(16)
})
