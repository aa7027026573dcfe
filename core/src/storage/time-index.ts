import { EntryBuffer } from './entry-buffer.ts'

/**
 * Kafka's time index of one segment: entries {timestamp i64, relative offset i32} of 12 bytes, big-endian: the greatest
 * timestamp so far and the last offset of the batch that holds it. Timestamps rise strictly; every record up to that
 * offset has a timestamp not above it.
 */
export class TimeIndex {
  readonly entries: EntryBuffer
  private readonly baseOffset: number

  constructor(baseOffset: number, content?: Uint8Array) {
    this.baseOffset = baseOffset
    this.entries = new EntryBuffer(12, content)
  }

  /** Appends unless the timestamp is not above the last entry's. */
  append(timestamp: number, offset: number): void {
    if (timestamp <= this.lastTimestamp) return
    const at = this.entries.grow()
    this.entries.bytes.writeBigInt64BE(BigInt(timestamp), at)
    this.entries.bytes.writeInt32BE(offset - this.baseOffset, at + 8)
  }

  get lastTimestamp(): number {
    const { count, entryBytes } = this.entries
    return count === 0 ? -1 : this.timestampAt((count - 1) * entryBytes)
  }

  /** An offset at or before the first record whose timestamp is at least `timestamp`. */
  offsetBefore(timestamp: number): number {
    const found = this.entries.lastWhere((at) => this.timestampAt(at) < timestamp)
    return found < 0 ? this.baseOffset : this.baseOffset + this.entries.bytes.readInt32BE(found * this.entries.entryBytes + 8)
  }

  private timestampAt(at: number): number {
    return Number(this.entries.bytes.readBigInt64BE(at))
  }
}
