import { crc32c } from '../record/crc32c.ts'
import { batchSizeBytes } from '../record/batch-header.ts'
import type { TopicId } from '../base/ids.ts'

/**
 * One frame of the journal: everything that one round makes durable, for any number of partitions. Big-endian.
 *
 *    0  magic     u32   'MJN1'
 *    4  salt      u32   of the directory, so that a journal copied into a record is never taken for a frame
 *    8  crc       u32   CRC-32C of the bytes from 12 to the end of the frame
 *   12  size      u32   bytes of the whole frame
 *   16  epoch     u32   of the log; it never falls from one frame to the next
 *   20  sequence  i64   its predecessor's + 1
 *   28  durable   i64   the newest sequence that was synced when this frame was written
 *   36  entries   u32
 *   40  entries × { topic id 16 bytes | partition i32 | record batch with its final offset and epoch }
 *
 * Invariants
 *   F1  A frame counts only with a right CRC, the expected sequence and an epoch not below its predecessor's: what an
 *       earlier turn of the file left never counts, nor what a crash made unreachable.
 *   F2  Frames start at multiples of the block size, so that writing one never rewrites a sector of another.
 */
export const frameHeaderBytes = 40
export const entryHeaderBytes = 20
const magic = 0x4d4a4e31

export interface FrameHeader {
  readonly sizeBytes: number
  readonly epoch: number
  readonly sequence: number
  readonly durableSequence: number
  readonly entries: number
}

export interface JournalEntry {
  readonly topicId: TopicId
  readonly partition: number
  readonly batch: Uint8Array
}

/** Writes the header of a frame whose entries stand in `frame` already, and seals it with the CRC. */
export function sealFrame(frame: Buffer, salt: number, header: FrameHeader): void {
  frame.writeUInt32BE(magic, 0)
  frame.writeUInt32BE(salt, 4)
  frame.writeUInt32BE(header.sizeBytes, 12)
  frame.writeUInt32BE(header.epoch, 16)
  writeI64(frame, header.sequence, 20)
  writeI64(frame, header.durableSequence, 28)
  frame.writeUInt32BE(header.entries, 36)
  frame.writeUInt32BE(crc32c(frame.subarray(12, header.sizeBytes)), 8)
}

/** Puts one entry at `at`; returns where the next one goes. `topicId` is its 16 bytes. */
export function putEntry(frame: Buffer, at: number, topicId: Uint8Array, partition: number, batch: Uint8Array): number {
  frame.set(topicId, at)
  frame.writeInt32BE(partition, at + 16)
  frame.set(batch, at + entryHeaderBytes)
  return at + entryHeaderBytes + batch.length
}

/** The header of the frame at `at`, or null when no intact frame of this directory stands there. */
export function readFrameHeader(journal: Buffer, at: number, salt: number): FrameHeader | null {
  if (at + frameHeaderBytes > journal.length) return null
  if (journal.readUInt32BE(at) !== magic || journal.readUInt32BE(at + 4) !== salt) return null
  const sizeBytes = journal.readUInt32BE(at + 12)
  if (sizeBytes < frameHeaderBytes || at + sizeBytes > journal.length) return null
  if (crc32c(journal.subarray(at + 12, at + sizeBytes)) !== journal.readUInt32BE(at + 8)) return null
  return {
    sizeBytes,
    epoch: journal.readUInt32BE(at + 16),
    sequence: readI64(journal, at + 20),
    durableSequence: readI64(journal, at + 28),
    entries: journal.readUInt32BE(at + 36),
  }
}

/** The entries of an intact frame; the batches are views. */
export function* readEntries(journal: Buffer, at: number, header: FrameHeader): Generator<JournalEntry> {
  let position = at + frameHeaderBytes
  for (let index = 0; index < header.entries; index++) {
    const topicId = journal.toString('hex', position, position + 16)
    const partition = journal.readInt32BE(position + 16)
    const start = position + entryHeaderBytes
    position = start + batchSizeBytes(journal, start)
    yield { topicId, partition, batch: journal.subarray(start, position) }
  }
}

function writeI64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  buffer.writeUInt32BE(value % 2 ** 32, at + 4)
}

function readI64(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at) * 2 ** 32 + buffer.readUInt32BE(at + 4)
}
