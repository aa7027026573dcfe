import type { DiskFile } from '../base/disk.ts'
import { BATCH_OVERHEAD_BYTES, batchSizeBytes } from '../record/batch-header.ts'
import { readWhole } from './whole-write.ts'

/** A batch of a segment file with its place, unchecked. `bytes` may be shorter than the batch says: then it is cut off. */
export interface PlacedBatch {
  readonly position: number
  readonly bytes: Buffer
}

const largeChunkBytes = 4 << 20

/** Reads a segment from `start` to `endBytes`, batch by batch, in chunks; ends after the first that is cut off or impossible. */
export async function* segmentBatches(
  file: DiskFile,
  endBytes: number,
  start = 0,
  chunkBytes: number = largeChunkBytes,
): AsyncGenerator<PlacedBatch> {
  let position = start
  while (position < endBytes) {
    const chunk = await readChunk(file, position, Math.min(chunkBytes, endBytes - position))
    let at = 0
    while (at < chunk.length) {
      const sizeBytes = chunk.length - at < BATCH_OVERHEAD_BYTES ? Infinity : batchSizeBytes(chunk, at)
      if (at + sizeBytes > chunk.length) break
      yield { position: position + at, bytes: chunk.subarray(at, at + sizeBytes) }
      if (sizeBytes < BATCH_OVERHEAD_BYTES) return
      at += sizeBytes
    }
    if (at === 0) {
      yield { position, bytes: await readWider(file, position, chunk, endBytes) }
      const wanted = chunk.length < BATCH_OVERHEAD_BYTES ? Infinity : batchSizeBytes(chunk, 0)
      if (position + wanted > endBytes) return
      at = wanted
    }
    position += at
  }
}

/** A batch larger than a chunk, or what there is of one that is cut off. */
async function readWider(file: DiskFile, position: number, chunk: Buffer, endBytes: number): Promise<Buffer> {
  if (chunk.length < BATCH_OVERHEAD_BYTES) return chunk
  return readChunk(file, position, Math.min(batchSizeBytes(chunk, 0), endBytes - position))
}

async function readChunk(file: DiskFile, position: number, sizeBytes: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafeSlow(sizeBytes)
  return chunk.subarray(0, await readWhole(file, chunk, position))
}
