import { EntryBuffer } from './entry-buffer.ts'

/**
 * Kafka's time index of one segment: entries {timestamp i64, relative offset i32} of 12 bytes, big-endian: the greatest
 * timestamp so far and the last offset of the batch that holds it. Timestamps rise strictly; every record up to that
 * offset has a timestamp not above it.
 */
export interface TimeEntry {
  readonly timestamp: number
  /** The last offset of the batch that holds it. */
  readonly offset: number
}

export class TimeIndex {
  readonly entries: EntryBuffer
  private readonly baseOffset: number

  constructor(baseOffset: number, content?: Uint8Array) {
    this.baseOffset = baseOffset
    this.entries = new EntryBuffer(12, content)
  }

  /** Appends unless the timestamp is not above the last entry's. */
  append(timestamp: number, offset: number): void {
    if (timestamp <= (this.last?.timestamp ?? -1)) return
    const at = this.entries.grow()
    this.entries.bytes.writeBigInt64BE(BigInt(timestamp), at)
    this.entries.bytes.writeInt32BE(offset - this.baseOffset, at + 8)
  }

  get last(): TimeEntry | undefined {
    return this.entryAt(this.entries.count - 1)
  }

  /** The last entry below the timestamp: no record up to its offset has that time or a later one. */
  entryBefore(timestamp: number): TimeEntry | undefined {
    return this.entryAt(this.entries.lastWhere((at) => this.timestampAt(at) < timestamp))
  }

  private entryAt(index: number): TimeEntry | undefined {
    if (index < 0) return undefined
    const at = index * this.entries.entryBytes
    return { timestamp: this.timestampAt(at), offset: this.baseOffset + this.entries.bytes.readInt32BE(at + 8) }
  }

  private timestampAt(at: number): number {
    return Number(this.entries.bytes.readBigInt64BE(at))
  }

  /** Whether it can be an index at all. */
  get isSane(): boolean {
    const { bytes, sizeBytes, entryBytes } = this.entries
    if (sizeBytes % entryBytes !== 0) return false
    let [timestamp, offset] = [-1, -1]
    for (let at = 0; at < sizeBytes; at += entryBytes) {
      if (this.timestampAt(at) <= timestamp || bytes.readInt32BE(at + 8) <= offset) return false
      timestamp = this.timestampAt(at)
      offset = bytes.readInt32BE(at + 8)
    }
    return true
  }
}
