import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32cByTable } from './crc32c-table.ts'
import { nativeCrc32c } from './crc32c.ts'

test.skipIf(nativeCrc32c === null)('crc32c by table equals the native one, also from an earlier checksum', () => {
  const earlier = fc.integer({ min: 0, max: 0xffff_ffff })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), earlier, (whole, from, previous) => {
      const bytes = whole.subarray(from)
      expect(crc32cByTable(bytes)).toBe(nativeCrc32c?.(bytes))
      expect(crc32cByTable(bytes, previous)).toBe(nativeCrc32c?.(bytes, previous))
    }),
  )
})
