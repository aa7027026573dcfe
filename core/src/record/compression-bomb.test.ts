import { resourceUsage } from 'node:process'
import { constants, deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compressionCode, compressRecords, decompressRecords, type CompressionName } from './compression.ts'

/** Blocks that become a gibibyte. None is made by compressing one: the peak of memory would hide what reading takes. */
const mebibyte = Buffer.alloc(1 << 20)
const zeros64k = Buffer.alloc(1 << 16)
const zeros4m = Buffer.alloc(4 << 20)

function repeat(part: Uint8Array, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => part))
}

/** A flush forgets what came before, so the same bytes may stand again and again. */
function gzipBomb(): Buffer {
  const part = deflateRawSync(mebibyte, { finishFlush: constants.Z_FULL_FLUSH })
  return Buffer.concat([Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), repeat(part, 1024), Buffer.of(3, 0), Buffer.alloc(8)])
}

/** Blocks of one byte that stands for 128 KiB; the last bit of the header is never set, so the frame does not end. */
function zstdBomb(): Buffer {
  const size = (128 << 10) << 3
  const block = Buffer.of((size & 0xff) | 0b010, (size >> 8) & 0xff, (size >> 16) & 0xff, 0)
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58), repeat(block, 8192)])
}

function lz4Bomb(claimed?: bigint): Buffer {
  const frame = Buffer.from(compressRecords(zeros4m, { codec: 'lz4' }))
  const block = frame.subarray(7, 11 + (frame.readUInt32LE(7) & 0x7fffffff))
  const head = Buffer.from(frame.subarray(0, 7))
  if (claimed === undefined) return Buffer.concat([head, repeat(block, 256), Buffer.alloc(4)])
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(claimed)
  return Buffer.concat([head.subarray(0, 4), Buffer.of(head[4]! | 0b1000), head.subarray(5, 6), size, head.subarray(6), block])
}

function xerialBomb(): Buffer {
  const stream = Buffer.from(compressRecords(zeros64k, { codec: 'snappy' }))
  return Buffer.concat([stream.subarray(0, 16), repeat(stream.subarray(16), 16_384)])
}

const rawClaim = (block: readonly number[], room: number): Buffer => Buffer.concat([Buffer.from(block), Buffer.alloc(room, 0xfe)])

test.each<[string, CompressionName, () => Buffer, RegExp]>([
  ['gzip', 'gzip', gzipBomb, /CONTENT_TOO_LARGE/],
  ['zstd of 32 KiB', 'zstd', zstdBomb, /CONTENT_TOO_LARGE/],
  ['lz4', 'lz4', lz4Bomb, /CONTENT_TOO_LARGE/],
  ['lz4 that says how large it is', 'lz4', () => lz4Bomb(1n << 40n), /CONTENT_TOO_LARGE/],
  ['snappy, xerial', 'snappy', xerialBomb, /CONTENT_TOO_LARGE/],
  ['snappy, raw', 'snappy', () => rawClaim([0xff, 0xff, 0xff, 0x0f], 2 << 20), /CONTENT_TOO_LARGE/],
  ['snappy, raw, whose claim cannot be true', 'snappy', () => rawClaim([0xff, 0xff, 0xff, 0xff, 0x0f], 100), /CORRUPT_BATCH/],
])('SEC-17: %s: a block that becomes a gibibyte is refused, without the memory for it', (_name, codec, bomb, expected) => {
  const block = bomb()
  decompressRecords(compressRecords(mebibyte, { codec }), compressionCode(codec), 'warm', 1 << 20)
  const before = resourceUsage().maxRSS
  for (const bound of [1 << 20, 16 << 20]) {
    expect(() => decompressRecords(block, compressionCode(codec), 'here', bound)).toThrow(expected)
  }
  expect((resourceUsage().maxRSS - before) / 1024).toBeLessThan(96) // MiB: two bounds, and what the collector leaves for a while
})

test('lz4: content is counted exactly where the sizes of blocks alone do not tell', () => {
  const small = compressRecords(Buffer.alloc(300_000, 'abc'), { codec: 'lz4' })
  expect(decompressRecords(small, 3, 'here', 300_000).length).toBe(300_000)
  expect(() => decompressRecords(small, 3, 'here', 299_999)).toThrow(/CONTENT_TOO_LARGE.*300000 bytes/)
})
