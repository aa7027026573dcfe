import type { BatchHeader } from '../record/batch-header.ts'
import { forEachRecord, toRecords } from '../record/batch-reader.ts'
import type { ReadPartition } from './assigned-partition.ts'
import type { ConsumedBatch, ConsumedRecord } from './consumer.ts'

/** A record batch as a reader at `from` sees it: records before that offset are left out. */
export class FetchedBatch implements ConsumedBatch {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  private readonly header: BatchHeader
  private readonly bytes: Uint8Array
  private readonly from: number
  private readonly log: ReadPartition

  /** `end`: records from that offset on are left out too. */
  constructor(
    log: ReadPartition,
    bytes: Uint8Array,
    header: BatchHeader,
    from: number,
    end: number = header.baseOffset + header.lastOffsetDelta + 1,
  ) {
    this.log = log
    this.topic = log.topic
    this.partition = log.partition
    this.highWatermark = log.highWatermark
    this.lastStableOffset = log.lastStableOffset
    this.bytes = bytes
    this.header = header
    this.from = from
    this.nextOffset = end
  }

  get count(): number {
    if (this.isWhole) return this.header.count
    if (this.isDense) return Math.max(0, this.nextOffset - this.baseOffset)
    let count = 0
    this.forEach(() => count++)
    return count
  }

  /** No record of it was removed by compaction. */
  private get isDense(): boolean {
    return this.header.count === this.header.lastOffsetDelta + 1
  }

  /** Its first records. */
  first(records: number): FetchedBatch {
    return new FetchedBatch(this.log, this.bytes, this.header, this.from, this.offsetAfter(records))
  }

  private offsetAfter(records: number): number {
    if (this.isDense) return this.baseOffset + records
    let left = records
    let end = this.baseOffset
    this.forEach(({ offset }) => {
      if (left-- > 0) end = offset + 1
    })
    return end
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  get baseOffset(): number {
    return Math.max(this.header.baseOffset, this.from)
  }

  get leaderEpoch(): number {
    return this.header.leaderEpoch
  }

  get producerId(): number {
    return this.header.producerId
  }

  get producerEpoch(): number {
    return this.header.producerEpoch
  }

  private get isWhole(): boolean {
    return this.from <= this.header.baseOffset && this.nextOffset > this.header.baseOffset + this.header.lastOffsetDelta
  }

  forEach(visit: (record: ConsumedRecord) => void): void {
    if (this.isWhole) forEachRecord(this.bytes, visit)
    else {
      forEachRecord(this.bytes, (record) => {
        if (record.offset >= this.from && record.offset < this.nextOffset) visit(record)
      })
    }
  }

  toArray(): ConsumedRecord[] {
    const records = toRecords(this.bytes)
    return this.isWhole ? records : records.filter(({ offset }) => offset >= this.from && offset < this.nextOffset)
  }
}
