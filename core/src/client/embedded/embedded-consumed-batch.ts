import type { Partition } from '../../broker/partition.ts'
import type { BatchHeader } from '../../record/batch-header.ts'
import { forEachRecord, toRecords } from '../../record/batch-reader.ts'
import type { ConsumedBatch, ConsumedRecord } from '../consumer.ts'

/** A record batch as a reader at `from` sees it: records before that offset are left out. */
export class EmbeddedConsumedBatch implements ConsumedBatch {
  readonly topic: string
  readonly partition: number
  readonly nextOffset: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  private readonly header: BatchHeader
  private readonly bytes: Uint8Array
  private readonly from: number

  constructor(log: Partition, bytes: Uint8Array, header: BatchHeader, from: number) {
    this.topic = log.topic
    this.partition = log.partition
    this.highWatermark = log.highWatermark
    this.lastStableOffset = log.lastStableOffset
    this.bytes = bytes
    this.header = header
    this.from = from
    this.nextOffset = header.baseOffset + header.lastOffsetDelta + 1
  }

  get count(): number {
    return this.isWhole ? this.header.count : this.toArray().length
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
    return this.from <= this.header.baseOffset
  }

  forEach(visit: (record: ConsumedRecord) => void): void {
    if (this.isWhole) forEachRecord(this.bytes, visit)
    else {
      forEachRecord(this.bytes, (record) => {
        if (record.offset >= this.from) visit(record)
      })
    }
  }

  toArray(): ConsumedRecord[] {
    const records = toRecords(this.bytes)
    return this.isWhole ? records : records.filter(({ offset }) => offset >= this.from)
  }
}
