import { coreError } from '../base/error-catalogue.ts'
import { crc32c } from '../record/crc32c.ts'

/**
 * Kafka's producer snapshot, `<offset>.snapshot`: the last batch of every producer below that offset. Big-endian.
 *
 *   version i16 = 1 | crc u32 of the bytes from 6 | count i32 | entries of 46 bytes:
 *   { producer id i64, epoch i16, last sequence i32, last offset i64, offset delta i32, timestamp i64,
 *     coordinator epoch i32, first offset of the open transaction i64 (-1: none) }
 */
export interface ProducerSnapshotEntry {
  readonly producerId: number
  readonly epoch: number
  readonly lastSequence: number
  readonly lastOffset: number
  readonly offsetDelta: number
  readonly timestamp: number
  readonly coordinatorEpoch: number
  readonly transactionFirstOffset: number
}

const headerBytes = 10
const entryBytes = 46

export function encodeProducerSnapshot(entries: readonly ProducerSnapshotEntry[]): Buffer {
  const bytes = Buffer.alloc(headerBytes + entries.length * entryBytes)
  bytes.writeInt16BE(1, 0)
  bytes.writeInt32BE(entries.length, 6)
  entries.forEach((entry, index) => writeEntry(bytes, headerBytes + index * entryBytes, entry))
  bytes.writeUInt32BE(crc32c(bytes.subarray(6)), 2)
  return bytes
}

function writeEntry(bytes: Buffer, at: number, entry: ProducerSnapshotEntry): void {
  bytes.writeBigInt64BE(BigInt(entry.producerId), at)
  bytes.writeInt16BE(entry.epoch, at + 8)
  bytes.writeInt32BE(entry.lastSequence, at + 10)
  bytes.writeBigInt64BE(BigInt(entry.lastOffset), at + 14)
  bytes.writeInt32BE(entry.offsetDelta, at + 22)
  bytes.writeBigInt64BE(BigInt(entry.timestamp), at + 26)
  bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
  bytes.writeBigInt64BE(BigInt(entry.transactionFirstOffset), at + 38)
}

/** @throws SEGMENT_DAMAGED */
export function decodeProducerSnapshot(content: Uint8Array, path: string): ProducerSnapshotEntry[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const count = bytes.length >= headerBytes ? bytes.readInt32BE(6) : -1
  const intact =
    count >= 0 &&
    bytes.length === headerBytes + count * entryBytes &&
    bytes.readInt16BE(0) === 1 &&
    bytes.readUInt32BE(2) === crc32c(bytes.subarray(6))
  if (!intact) throw coreError('SEGMENT_DAMAGED', { what: 'a producer snapshot is damaged', where: path })
  return Array.from({ length: count }, (_, index) => readEntry(bytes, headerBytes + index * entryBytes))
}

function readEntry(bytes: Buffer, at: number): ProducerSnapshotEntry {
  return {
    producerId: Number(bytes.readBigInt64BE(at)),
    epoch: bytes.readInt16BE(at + 8),
    lastSequence: bytes.readInt32BE(at + 10),
    lastOffset: Number(bytes.readBigInt64BE(at + 14)),
    offsetDelta: bytes.readInt32BE(at + 22),
    timestamp: Number(bytes.readBigInt64BE(at + 26)),
    coordinatorEpoch: bytes.readInt32BE(at + 34),
    transactionFirstOffset: Number(bytes.readBigInt64BE(at + 38)),
  }
}
