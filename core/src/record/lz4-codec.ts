import { createRequire } from 'node:module'
import type * as Lz4 from 'lz4-napi'
import { nativeCodec, type Codec } from './codec.ts'
import { checkLz4Frame } from './lz4-frame.ts'

/**
 * LZ4 frames of independent blocks, as Kafka's clients read and write them.
 *
 * The library sees to the checksums that a frame has (it writes none: the one of the batch covers it), but it takes a frame that
 * is cut off between blocks for a whole one, ignores what stands behind it, and knows no bound. So the frame is walked before.
 */
const library = nativeCodec<typeof Lz4>('lz4-napi', () => createRequire(import.meta.url)('lz4-napi'))

/** The library has one level only. */
export const lz4: Codec = {
  compress: (records) => library().compressFrameSync(asBuffer(records)),
  decompress(block, maxBytes) {
    checkLz4Frame(block, maxBytes)
    return library().decompressFrameSync(asBuffer(block))
  },
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
