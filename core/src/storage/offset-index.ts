import { EntryBuffer } from './entry-buffer.ts'

/**
 * Kafka's offset index of one segment: entries {relative offset i32, position i32} of 8 bytes, big-endian, where the
 * offset is the last one of the batch that stands at `position`. Both rise from entry to entry.
 * A lookup gives a place to scan forward from, never the record itself.
 */
export interface OffsetEntry {
  /** The last offset of the batch at `position`. */
  readonly lastOffset: number
  readonly position: number
}

export class OffsetIndex {
  readonly entries: EntryBuffer
  readonly baseOffset: number

  constructor(baseOffset: number, content?: Uint8Array) {
    this.baseOffset = baseOffset
    this.entries = new EntryBuffer(8, content)
  }

  append(lastOffset: number, position: number): void {
    const at = this.entries.grow()
    this.entries.bytes.writeInt32BE(lastOffset - this.baseOffset, at)
    this.entries.bytes.writeInt32BE(position, at + 4)
  }

  /** The last entry whose batch does not lie beyond the offset. */
  entryFor(offset: number): OffsetEntry | undefined {
    const relative = offset - this.baseOffset
    return this.entryAt(this.entries.lastWhere((at) => this.entries.bytes.readInt32BE(at) <= relative))
  }

  get last(): OffsetEntry | undefined {
    return this.entryAt(this.entries.count - 1)
  }

  private entryAt(index: number): OffsetEntry | undefined {
    if (index < 0) return undefined
    const { bytes, entryBytes } = this.entries
    const at = index * entryBytes
    return { lastOffset: this.baseOffset + bytes.readInt32BE(at), position: bytes.readInt32BE(at + 4) }
  }

  /** Whether it can be the index of a log file of that size. */
  isSane(logBytes: number): boolean {
    const { bytes, sizeBytes, entryBytes } = this.entries
    if (sizeBytes % entryBytes !== 0) return false
    let [offset, position] = [-1, -1]
    for (let at = 0; at < sizeBytes; at += entryBytes) {
      if (bytes.readInt32BE(at) <= offset || bytes.readInt32BE(at + 4) <= position) return false
      offset = bytes.readInt32BE(at)
      position = bytes.readInt32BE(at + 4)
    }
    return position < logBytes
  }
}
