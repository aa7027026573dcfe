import {
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
  type ZlibOptions,
  type ZstdOptions,
} from 'node:zlib'
import { corruptBlock } from './block-flaw.ts'
import type { Codec } from './codec.ts'

/**
 * gzip and zstd, which Node brings along.
 *
 * Both carry checks of their own, and Node throws on a block that ends too early or becomes larger than `maxOutputLength`. What
 * it does not say is that something stands behind the block: the count of bytes that it took tells.
 *
 * The output is gathered in chunks and joined. A first chunk of the right size saves the copy, but it is allocated before anything
 * is known to be true: so it is at most 16 times the input.
 */
interface Decompressed {
  readonly buffer: Buffer
  readonly engine: { readonly bytesWritten: number }
}

const gzipTrailerBytes = 4
const smallestChunk = 1024
const likelyRatio = 16

function chunkFor(block: Uint8Array, claimed: number, maxBytes: number): number {
  return Math.max(Math.min(claimed, block.length * likelyRatio, maxBytes), smallestChunk)
}

export const gzip: Codec = {
  compress: (records, level) => gzipSync(records, level === undefined ? {} : { level }),
  decompress(block, maxBytes) {
    const options: ZlibOptions = {
      info: true,
      maxOutputLength: Math.max(maxBytes, 1),
      chunkSize: chunkFor(block, gzipSize(block), maxBytes),
    }
    const { buffer, engine } = gunzipSync(block, options) as unknown as Decompressed
    if (engine.bytesWritten !== block.length) throw corruptBlock('something stands behind the gzip block')
    return buffer
  },
}

/** The size of the content as the trailer claims it, modulo 2^32. */
function gzipSize(block: Uint8Array): number {
  const at = block.length - gzipTrailerBytes
  return at < 0 ? 0 : Buffer.from(block.buffer, block.byteOffset + at, gzipTrailerBytes).readUInt32LE(0)
}

export const zstd: Codec = {
  compress: (records, level) =>
    zstdCompressSync(records, level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }),
  decompress(block, maxBytes) {
    const options: ZstdOptions & { readonly info: true } = {
      info: true,
      maxOutputLength: Math.max(maxBytes, 1),
      chunkSize: chunkFor(block, Infinity, maxBytes),
    }
    const { buffer, engine } = zstdDecompressSync(block, options) as unknown as Decompressed
    if (engine.bytesWritten !== block.length) throw corruptBlock('something stands behind the zstd frame')
    return buffer
  },
}
