import type { PartitionLog } from './partition-log.ts'
import type { StagedBatch } from './rounds.ts'

/**
 * What all the tails together hold in memory, and which of it the segments lack.
 *
 * Invariants
 *   B1  Batches leave memory in the order of the journal, the oldest first, once their segment has them and the tails are over
 *       their bound.
 *   B2  What no segment has stays, however much it is: the journal bounds it. A partition that has failed keeps it for its readers, and
 *       holds up no other.
 */
export class Tails {
  private readonly boundBytes: number
  private order: (StagedBatch | null)[] = []
  private head = 0
  private bytes = 0
  private readonly unwritten = new Map<PartitionLog, number>()

  constructor(boundBytes: number) {
    this.boundBytes = boundBytes
  }

  /** A durable batch, in the order of the journal. */
  add(staged: StagedBatch): void {
    const { length } = staged.batch.bytes
    this.order.push(staged)
    this.bytes += length
    this.unwritten.set(staged.log, this.unwrittenBytes(staged.log) + length)
  }

  /** Bytes of all tails in memory. */
  get sizeBytes(): number {
    return this.bytes
  }

  /** Bytes that the segments of all partitions lack. */
  get allUnwrittenBytes(): number {
    let bytes = 0
    for (const unwritten of this.unwritten.values()) bytes += unwritten
    return bytes
  }

  /** Bytes in the partition's tail that its segment lacks. */
  unwrittenBytes(log: PartitionLog): number {
    return this.unwritten.get(log) ?? 0
  }

  /** The partition's segment has got more. */
  written(log: PartitionLog): void {
    const left = log.tail.slice(log.folder.endOffset, log.highWatermark).reduce((sum, { bytes }) => sum + bytes.length, 0)
    if (left > 0) this.unwritten.set(log, left)
    else this.unwritten.delete(log)
  }

  /** The partition is gone. */
  forget(log: PartitionLog): void {
    this.unwritten.delete(log)
  }

  /** Drops the oldest batches that segments have, while there is too much. */
  trim(): void {
    while (this.bytes > this.boundBytes && this.head < this.order.length) {
      const { log, batch } = this.order[this.head]!
      if (log.isReadable) {
        const isWritten = batch.nextOffset <= log.folder.endOffset
        if (!isWritten && log.failed === null) break
        if (isWritten) log.tail.shift()
      }
      this.bytes -= batch.bytes.length
      this.order[this.head++] = null
    }
    if (this.head < slack || this.head * 2 < this.order.length) return
    this.order = this.order.slice(this.head)
    this.head = 0
  }
}

/** Dropped places at the front that are kept before the list is moved. */
const slack = 4096
