/**
 * An append-only list of entries of one width in memory, as an index keeps them until they are written to their file.
 * `savedBytes` of it stand in the file; the rest follows at the next checkpoint, roll or close.
 */
export class EntryBuffer {
  readonly entryBytes: number
  private buffer: Buffer
  private used: number
  private saved: number

  constructor(entryBytes: number, content?: Uint8Array) {
    this.entryBytes = entryBytes
    this.buffer = content === undefined ? Buffer.alloc(0) : Buffer.from(content)
    this.used = this.buffer.length
    this.saved = this.used
  }

  get count(): number {
    return Math.floor(this.used / this.entryBytes)
  }

  get sizeBytes(): number {
    return this.used
  }

  get savedBytes(): number {
    return this.saved
  }

  get bytes(): Buffer {
    return this.buffer
  }

  /** Makes room for one more entry and returns where it starts; the caller fills it at once. */
  grow(): number {
    const at = this.used
    if (at + this.entryBytes > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, 64 * this.entryBytes))
      this.buffer.copy(larger, 0, 0, at)
      this.buffer = larger
    }
    this.used += this.entryBytes
    return at
  }

  unsaved(): Uint8Array {
    return this.buffer.subarray(this.saved, this.used)
  }

  markSaved(sizeBytes: number): void {
    this.saved = sizeBytes
  }

  /** The last index whose entry is not above, by a predicate that is true for a prefix of the entries; -1 for none. */
  lastWhere(holds: (at: number) => boolean): number {
    let low = -1
    let high = this.count
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (holds(middle * this.entryBytes)) low = middle
      else high = middle
    }
    return low
  }
}
