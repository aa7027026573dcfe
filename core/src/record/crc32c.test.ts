import { expect, test } from 'vitest'
import { crc32cByTable } from './crc32c-table.ts'
import { crc32c, nativeCrc32c } from './crc32c.ts'

const ascii = Buffer.from('123456789')
const implementations = [
  ['the one in use', crc32c],
  ['the table', crc32cByTable],
] as const

// The first is the check value of the CRC catalogue, the others are those of RFC 3720, B.4.
test.each(implementations)('crc32c, %s, gives the published values', (_name, crc) => {
  expect(crc(ascii)).toBe(0xe3069283)
  expect(crc(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
  expect(crc(new Uint8Array(0))).toBe(0)
})

test.each(implementations)('crc32c, %s, goes on from an earlier checksum', (_name, crc) => {
  for (let cut = 0; cut <= ascii.length; cut++) expect(crc(ascii.subarray(cut), crc(ascii.subarray(0, cut)))).toBe(0xe3069283)
})

test('crc32c is the native one where its binary is installed', () => {
  expect(crc32c).toBe(nativeCrc32c ?? crc32cByTable)
})
