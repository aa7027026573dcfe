/**
 * The newest batches of one partition, in memory: what the journal holds and the segment may not yet.
 *
 * Invariants
 *   T1  Batches are in offset order, without gap, up to the partition's end.
 *   T2  `shift` drops a batch only when the segment has it; the directory decides when.
 */
export interface TailBatch {
  readonly bytes: Uint8Array
  readonly baseOffset: number
  readonly nextOffset: number
  /** Of the batch as it was received, where the log has rewritten it. */
  readonly receivedCrc?: number | undefined
}

/** Dropped places at the front that are kept before the list is moved. */
const slack = 1024
/** Stands in a dropped place, so that nothing holds what was there. */
const dropped: TailBatch = { bytes: new Uint8Array(0), baseOffset: -1, nextOffset: -1 }

export class Tail {
  private batches: TailBatch[] = []
  private head = 0

  get isEmpty(): boolean {
    return this.head === this.batches.length
  }

  get firstOffset(): number | undefined {
    return this.batches[this.head]?.baseOffset
  }

  push(batch: TailBatch): void {
    this.batches.push(batch)
  }

  shift(): void {
    this.batches[this.head++] = dropped
    if (this.head < slack || this.head * 2 < this.batches.length) return
    this.batches = this.batches.slice(this.head)
    this.head = 0
  }

  /** Drops everything from the offset on. */
  truncate(offset: number): void {
    while (!this.isEmpty && this.batches.at(-1)!.baseOffset >= offset) this.batches.pop()
  }

  /** The batches that start in `[from, to)`, the one that holds `from` included. */
  slice(from: number, to: number): readonly TailBatch[] {
    return this.batches.slice(this.indexOf(from), this.indexOf(to - 1) + 1)
  }

  /** Batches from the one that holds `from`, below `to`: at least one, then while they fit. */
  read(from: number, to: number, maxBytes: number): TailBatch[] {
    const found: TailBatch[] = []
    let bytes = 0
    for (let index = this.indexOf(from); index < this.batches.length; index++) {
      const batch = this.batches[index]!
      if (batch.baseOffset >= to || (found.length > 0 && bytes + batch.bytes.length > maxBytes)) break
      found.push(batch)
      bytes += batch.bytes.length
    }
    return found
  }

  /** The index of the batch that holds the offset, by bisection. */
  private indexOf(offset: number): number {
    let low = this.head
    let high = this.batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.batches[middle]!.nextOffset <= offset) low = middle + 1
      else high = middle
    }
    return low
  }
}
