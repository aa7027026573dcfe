import { blockTooLarge, corruptBlock } from './block-flaw.ts'

/**
 * The outside of an LZ4 frame (little-endian), and how large its content is.
 *
 *      ┌─────────┬─────┬────┬───────────────┬────┬──────────┬───────┬──────────────┬───┬──────────┬────────────────────┐
 *      │ magic 4 │ FLG │ BD │ content size 8│ HC │ size 4,  │ block │ checksum 4   │ … │ 0 4      │ content checksum 4 │
 *      │         │     │    │ (if flagged)  │    │ top: raw │       │ (if flagged) │   │ end mark │ (if flagged)       │
 *      └─────────┴─────┴────┴───────────────┴────┴──────────┴───────┴──────────────┴───┴──────────┴────────────────────┘
 *
 * FLG: bits 6–7 version 01, 5 blocks are independent, 4 block checksums, 3 content size, 2 content checksum, 0 dictionary.
 */
const magic = 0x184d2204
const versionMask = 0b1100_0000
const version = 0b0100_0000
const independentBit = 0b10_0000
const blockChecksumBit = 0b1_0000
const contentSizeBit = 0b1000
const contentChecksumBit = 0b100
const unusedBits = 0b11
const checksumBytes = 4
const sizeBytes = 4
const smallestFrame = 4 + 3 + sizeBytes
const rawBit = 0x8000_0000
/** One byte of an LZ4 block stands for 255 at most. */
const largestRatio = 255

interface Frame {
  readonly bytes: DataView
  readonly blocksAt: number
  readonly largestBlock: number
  readonly blockChecksums: boolean
  readonly contentChecksum: boolean
}

/**
 * The bytes are one whole frame, of what Kafka takes, whose content is not larger than `maxBytes`.
 * Blocks are looked into only where the sizes alone leave that open. Checksums are the library's.
 * @throws BlockFlaw
 */
export function checkLz4Frame(block: Uint8Array, maxBytes: number): void {
  const frame = readFrame(new DataView(block.buffer, block.byteOffset, block.length), maxBytes)
  if (boundOf(frame) <= maxBytes) return
  const size = contentSize(frame, block, maxBytes)
  if (size > maxBytes) throw blockTooLarge(size)
}

function readFrame(bytes: DataView, maxBytes: number): Frame {
  if (bytes.byteLength < smallestFrame) throw corruptBlock('the LZ4 frame ends too early')
  if (bytes.getUint32(0, true) !== magic) throw corruptBlock('it is no LZ4 frame')
  const flags = bytes.getUint8(4)
  if ((flags & versionMask) !== version || (flags & unusedBits) !== 0) throw corruptBlock('the LZ4 frame has unknown flags')
  if ((flags & independentBit) === 0) throw corruptBlock('the LZ4 frame has blocks that depend on each other')
  const sizeCode = (bytes.getUint8(5) >> 4) & 0b111
  if (sizeCode < 4) throw corruptBlock('the LZ4 frame has an unknown block size')
  const sized = (flags & contentSizeBit) !== 0
  if (sized) checkClaim(bytes, maxBytes)
  return {
    bytes,
    blocksAt: sized ? 15 : 7,
    largestBlock: 2 ** (8 + 2 * sizeCode),
    blockChecksums: (flags & blockChecksumBit) !== 0,
    contentChecksum: (flags & contentChecksumBit) !== 0,
  }
}

function checkClaim(bytes: DataView, maxBytes: number): void {
  if (bytes.byteLength < smallestFrame + 8) throw corruptBlock('the LZ4 frame ends too early')
  const claimed = Number(bytes.getBigUint64(6, true))
  if (claimed > maxBytes) throw blockTooLarge(claimed)
}

/** Visits the blocks, and sees to it that the frame ends where the bytes do. */
function forEachBlock(frame: Frame, visit: (at: number, size: number, raw: boolean) => void): void {
  const { bytes, blockChecksums, contentChecksum } = frame
  let at = frame.blocksAt
  for (;;) {
    if (at + sizeBytes > bytes.byteLength) throw corruptBlock('the LZ4 frame has no end')
    const field = bytes.getUint32(at, true)
    at += sizeBytes
    if (field === 0) break
    const size = field % rawBit
    const end = at + size + (blockChecksums ? checksumBytes : 0)
    if (size > frame.largestBlock || end > bytes.byteLength) throw corruptBlock('a block reaches out of its LZ4 frame')
    visit(at, size, field >= rawBit)
    at = end
  }
  const end = at + (contentChecksum ? checksumBytes : 0)
  if (end !== bytes.byteLength) throw corruptBlock('the LZ4 frame does not end where its bytes do')
}

/** No content is larger, by the sizes of its blocks. */
function boundOf(frame: Frame): number {
  let bound = 0
  forEachBlock(frame, (_at, size, raw) => {
    bound += raw ? size : Math.min(frame.largestBlock, size * largestRatio)
  })
  return bound
}

/** Exactly, or as soon as it is more than `maxBytes`. */
function contentSize(frame: Frame, block: Uint8Array, maxBytes: number): number {
  let content = 0
  forEachBlock(frame, (at, size, raw) => {
    if (content <= maxBytes) content += raw ? size : sequencesSize(block, at, at + size)
  })
  return content
}

/** What the sequences of a block write: literals and matches are counted, not copied. */
function sequencesSize(block: Uint8Array, from: number, end: number): number {
  let written = 0
  let at = from
  const run = (nibble: number): number => {
    let length = nibble
    if (nibble !== 15) return length
    for (;;) {
      const byte = block[at++]!
      length += byte
      if (byte !== 255 || at >= end) return length
    }
  }
  while (at < end) {
    const token = block[at++]!
    const literals = run(token >> 4)
    at += literals
    written += literals
    if (at >= end) return written
    at += 2 // how far back the match lies
    written += 4 + run(token & 15)
  }
  return written
}
