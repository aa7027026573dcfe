import { EntryBuffer } from './entry-buffer.ts'

/**
 * Kafka's offset index of one segment: entries {relative offset i32, position i32} of 8 bytes, big-endian, where the
 * offset is the last one of the batch that stands at `position`. Both rise from entry to entry.
 * A lookup gives a place to scan forward from, never the record itself.
 */
export class OffsetIndex {
  readonly entries: EntryBuffer
  private readonly baseOffset: number

  constructor(baseOffset: number, content?: Uint8Array) {
    this.baseOffset = baseOffset
    this.entries = new EntryBuffer(8, content)
  }

  append(lastOffset: number, position: number): void {
    const at = this.entries.grow()
    this.entries.bytes.writeInt32BE(lastOffset - this.baseOffset, at)
    this.entries.bytes.writeInt32BE(position, at + 4)
  }

  /** A position at or before the batch that holds `offset`. */
  positionFor(offset: number): number {
    const { bytes, entryBytes } = this.entries
    const relative = offset - this.baseOffset
    const found = this.entries.lastWhere((at) => bytes.readInt32BE(at) <= relative)
    return found < 0 ? 0 : bytes.readInt32BE(found * entryBytes + 4)
  }
}
