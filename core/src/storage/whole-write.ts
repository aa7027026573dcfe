import type { DiskFile } from '../base/disk.ts'

/**
 * Writes all of the chunks. A disk may write less than it was given without an error (a full disk does), so the rest is
 * written again until it is done or the disk says why not. After an error any part of it may stand in the file.
 */
export async function writeWhole(file: DiskFile, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let rest = chunks
  let at = position
  while (rest.length > 0) {
    const written = await file.write(rest, at)
    at += written
    rest = withoutFirst(rest, written)
  }
}

function withoutFirst(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count
  let index = 0
  while (index < chunks.length && skip >= chunks[index]!.length) skip -= chunks[index++]!.length
  if (index === chunks.length) return []
  const rest = chunks.slice(index)
  if (skip > 0) rest[0] = rest[0]!.subarray(skip)
  return rest
}

/** Reads until `into` is full or the file ends; resolves to the bytes read. */
export async function readWhole(file: DiskFile, into: Uint8Array, position: number): Promise<number> {
  let done = 0
  while (done < into.length) {
    const read = await file.read(done === 0 ? into : into.subarray(done), position + done)
    if (read === 0) break
    done += read
  }
  return done
}
