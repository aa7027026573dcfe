import { createRequire } from 'node:module'
import type * as Snappy from 'snappy'
import { readInt32, writeInt32 } from './big-endian.ts'
import { blockTooLarge, corruptBlock } from './block-flaw.ts'
import { nativeCodec, type Codec } from './codec.ts'

/**
 * Snappy in the two framings that Kafka's clients use.
 *
 *      xerial (Java, and what is written here)    ┌─ 82 'SNAPPY' 00 ─┬ version 4 ┬ compatible 4 ┬ size 4 ┬ block ┬ size 4 ┬ block …
 *      raw (librdkafka)                           └─ one block
 *
 * A block begins with the size of its content, which is checked against the bound and against what snappy can reach at all (a
 * copy of 64 bytes takes 3) before the library allocates it. A raw block cannot begin like the xerial magic: that would be a copy
 * of what is not there yet.
 */
/** Copied out of the library's memory: an external buffer costs more than the copy. */
const owned = { copyOutputData: true } as const
const asBuffer = { ...owned, asBuffer: true } as const

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const xerialHeaderBytes = 16
const xerialVersion = 1
const xerialBlockBytes = 32 * 1024
const sizeBytes = 4
const largestRatio = 22

const library = nativeCodec<typeof Snappy>('snappy', () => createRequire(import.meta.url)('snappy'))

export const snappy: Codec = {
  compress(records) {
    const parts: Uint8Array[] = [xerialHeader()]
    for (let at = 0; at < records.length; at += xerialBlockBytes) {
      const block = library().compressSync(records.subarray(at, at + xerialBlockBytes), owned)
      parts.push(sizeOf(block), block)
    }
    return Buffer.concat(parts)
  },
  decompress(block, maxBytes) {
    if (!isXerial(block)) return uncompress(block, maxBytes)
    const parts: Uint8Array[] = []
    let room = maxBytes
    for (const part of xerialBlocks(block)) {
      const content = uncompress(part, room)
      room -= content.length
      parts.push(content)
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  },
}

function xerialHeader(): Uint8Array {
  const header = new Uint8Array(xerialHeaderBytes)
  header.set(xerialMagic)
  writeInt32(header, xerialMagic.length, xerialVersion)
  writeInt32(header, xerialMagic.length + 4, xerialVersion)
  return header
}

function sizeOf(block: Uint8Array): Uint8Array {
  const size = new Uint8Array(sizeBytes)
  writeInt32(size, 0, block.length)
  return size
}

function isXerial(block: Uint8Array): boolean {
  return block.length >= xerialMagic.length && xerialMagic.equals(block.subarray(0, xerialMagic.length))
}

function* xerialBlocks(block: Uint8Array): Generator<Uint8Array> {
  if (block.length < xerialHeaderBytes) throw corruptBlock('the snappy stream ends within its header')
  const compatible = readInt32(block, xerialMagic.length + 4)
  if (compatible !== xerialVersion) throw corruptBlock(`the snappy stream has version ${compatible}`)
  for (let at = xerialHeaderBytes; at < block.length;) {
    if (block.length - at < sizeBytes) throw corruptBlock('the snappy stream ends within a size')
    const end = at + sizeBytes + readInt32(block, at)
    if (end <= at + sizeBytes || end > block.length) throw corruptBlock('a snappy block reaches out of its stream')
    yield block.subarray(at + sizeBytes, end)
    at = end
  }
}

function uncompress(block: Uint8Array, maxBytes: number): Buffer {
  const size = contentSize(block)
  if (size > block.length * largestRatio) throw corruptBlock('a snappy block claims more than it can hold')
  if (size > maxBytes) throw blockTooLarge(size)
  return library().uncompressSync(block, asBuffer) as Buffer
}

/** The unsigned varint, of five bytes at most, that a block begins with. */
function contentSize(block: Uint8Array): number {
  let size = 0
  for (let at = 0; at < 5; at++) {
    const byte = block[at]
    if (byte === undefined) throw corruptBlock('a snappy block ends within its size')
    size += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return size
  }
  throw corruptBlock('the size of a snappy block is no number')
}
