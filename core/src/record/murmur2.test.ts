import { expect, test } from 'vitest'
import { murmur2, partitionForKey } from './murmur2.ts'

// The vectors of Kafka's UtilsTest.testMurmur2, and one for each length of the rest.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
  ['', 275646681],
  ['1', -1993445489],
  ['12', 126087238],
  ['123', -267702483],
  ['1234', -1614185708],
  ['12345', -1188365604],
])("murmur2 of '%s' is that of Kafka's Java client", (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

test('partitionForKey takes the hash without its sign bit', () => {
  expect(partitionForKey(Buffer.from('21'), 10)).toBe((-973932308 & 0x7fffffff) % 10)
  expect(partitionForKey(Buffer.from('abc'), 7)).toBe(479470107 % 7)
  expect(partitionForKey(Buffer.from('abc'), 1)).toBe(0)
})
