import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { BatchBuilder } from './batch-builder.ts'
import { readBatchHeader } from './batch-header.ts'
import { toRecords } from './batch-reader.ts'
import { forEachBatch } from './batch-validation.ts'
import { compressionCode, compressRecords, decompressRecords, type CompressionName } from './compression.ts'
import { nativeCodec } from './codec.ts'

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const content = Buffer.from('{"id":1,"name":"one"}{"id":2,"name":"two"}{"id":3,"name":"one"}')

function decompress(codec: CompressionName, block: Uint8Array, maxBytes = 1 << 20): Uint8Array {
  return decompressRecords(block, compressionCode(codec), 'here', maxBytes)
}

/** What the Java client wrote; how it was made stands beside it. */
const golden = readFileSync(new URL('testdata/golden-compressed.log', import.meta.url))

/** As in testdata/GoldenCompressed.java. */
function sameRecords(codec: CompressionName): Uint8Array {
  const builder = new BatchBuilder({ maxBytes: 1 << 20, compression: { codec } })
  for (let i = 0; i < 2000; i++) {
    const value = i === 7 ? null : `value ${i} of the golden records`
    const headers =
      i === 3
        ? ([
            ['h', null],
            ['h', Buffer.from('x')],
          ] as const)
        : []
    builder.append(i === 5 ? null : `key-${i}`, value, 1_700_000_000_000 + i, headers)
  }
  return builder.build()
}

test("the Java client's batches of every codec hold the records that were given", () => {
  const expected = toRecords(sameRecords('none'))
  const seen: string[] = []
  forEachBatch(golden, ({ compression, sizeBytes }, at) => {
    seen.push(['none', ...codecs][compression]!)
    expect(toRecords(golden.subarray(at, at + sizeBytes))).toEqual(expected)
  })
  expect(seen).toEqual(codecs)
})

test.each(codecs)('%s: the same records get the same header, but for size and checksum', (codec) => {
  let kafkas = readBatchHeader(golden, 0)
  forEachBatch(golden, (header) => {
    if (header.compression === compressionCode(codec)) kafkas = header
  })
  const { sizeBytes, crc, leaderEpoch } = kafkas
  expect({ ...readBatchHeader(sameRecords(codec), 0), sizeBytes, crc, leaderEpoch }).toEqual(kafkas)
})

/** Made from `content` by other programs. */
test.each([
  ['gzip', 'Python 3 gzip', 'H4sIAAAAAAAAA6tWykxRsjLUUcpLzE1VslLKz0tVqq0GCxrBBUvK82GCxqgqAZQVLdE/AAAA'],
  ['lz4', 'lz4 1.9.4 -BI -B4', 'BCJNGGRApy0AAADyBnsiaWQiOjEsIm5hbWUiOiJvbmUifRUAFTIVADR0d28VABUzFQBQb25lIn0AAAAAJvZX7A=='],
  [
    'lz4',
    'lz4 1.9.4 with checksums of blocks and content, and the content size',
    'BCJNGHxAPwAAAAAAAADjLQAAAPIGeyJpZCI6MSwibmFtZSI6Im9uZSJ9FQAVMhUANHR3bxUAFTMVAFBvbmUifROSIfAAAAAAJvZX7A==',
  ],
  ['lz4', 'lz4 1.9.4 without any checksum', 'BCJNGGBAgi0AAADyBnsiaWQiOjEsIm5hbWUiOiJvbmUifRUAFTIVADR0d28VABUzFQBQb25lIn0AAAAA'],
  ['zstd', 'zstd', 'KLUv/SQ/XQEA+HsiaWQiOjEsIm5hbWUiOiJvbmUifTJ0d28zb25lIn0EAKAIQAaUG4fJBFVnQMQ='],
  ['zstd', 'zstd -19 without checksum', 'KLUv/SA/NQEA0HsiaWQiOjEsIm5hbWUiOiJvbmUifTJ0d28zBABNSQHeAH3jMJk='],
] as const)('%s: a block by %s is read', (codec, _program, block) => {
  expect(Buffer.from(decompress(codec, Buffer.from(block, 'base64'))).equals(content)).toBe(true)
})

test('snappy: a raw block, as librdkafka sends it, is read', () => {
  // 5 bytes; a literal of 1, then a copy of 4 from 1 back.
  expect(decompress('snappy', Buffer.of(5, 0x00, 0x61, 0x01, 0x01))).toEqual(Buffer.from('aaaaa'))
  expect(decompress('snappy', Buffer.of(0))).toEqual(Buffer.of())
})

test('snappy is written as a xerial stream of blocks of 32 KiB', () => {
  const block = Buffer.from(compressRecords(Buffer.alloc(70_000, 'x'), { codec: 'snappy' }))
  expect(block.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001')
  const sizes: string[] = []
  for (let at = 16; at < block.length; at += 4 + block.readInt32BE(at)) {
    sizes.push(block.subarray(at + 4, at + 7).toString('hex'))
  }
  expect(sizes).toEqual(['808002', '808002', 'f02200']) // 32,768 and 32,768 as varints, and 4,464, which takes two bytes
  expect(decompress('snappy', block)).toEqual(Buffer.alloc(70_000, 'x'))
})

test('lz4 is written as a frame of independent blocks, version 01', () => {
  const block = Buffer.from(compressRecords(Buffer.alloc(70_000, 'x'), { codec: 'lz4' }))
  expect(block.readUInt32LE(0)).toBe(0x184d2204)
  expect(block[4]! & 0b1110_0000).toBe(0b0110_0000)
})

test('a higher level makes smaller blocks', () => {
  const text = Buffer.from(Array.from({ length: 3000 }, (_, i) => `${i * 7919} of ${i % 17}`).join())
  const sizeAt = (codec: CompressionName, level: number): number => compressRecords(text, { codec, level }).length
  expect(sizeAt('gzip', 9)).toBeLessThan(sizeAt('gzip', 1))
  expect(sizeAt('zstd', 19)).toBeLessThan(sizeAt('zstd', -50))
  expect(compressRecords(text, { codec: 'gzip', level: -1 })).toEqual(gzipSync(text))
  for (const level of [-131_072, 22]) {
    expect(Buffer.from(decompress('zstd', compressRecords(text, { codec: 'zstd', level }))).equals(text)).toBe(true)
  }
})

test.each(codecs)('%s: content of exactly the bound is taken, one byte more is not; no content is taken too', (codec) => {
  const block = compressRecords(content, { codec })
  expect(Buffer.from(decompress(codec, block, content.length)).equals(content)).toBe(true)
  expect(() => decompress(codec, block, content.length - 1)).toThrow(/CONTENT_TOO_LARGE.*here.*at most 62 bytes/)
  expect(decompress(codec, compressRecords(Buffer.of(), { codec })).length).toBe(0)
})

test('lz4: blocks that depend on each other are refused, as Kafka does', () => {
  const block = Buffer.from(compressRecords(content, { codec: 'lz4' }))
  block[4]! &= ~0b10_0000
  expect(() => decompress('lz4', block)).toThrow(/CORRUPT_BATCH.*depend on each other/)
})

test('a package without a binary for this machine is an error that names it, each time', () => {
  const load = nativeCodec('snappy', () => {
    throw new Error('no binary')
  })
  expect(load).toThrow(/CODEC_MISSING.*snappy/)
  expect(load).toThrow(/CODEC_MISSING.*snappy/)
})
