import type { PartitionLog } from '../log/partition-log.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'

const readBytes = 1 << 20

export interface RecordAt {
  readonly offset: number
  readonly timestamp: number
}

/** The offset of the first record at or after that time; the high watermark when there is none. */
export async function offsetForTime(log: PartitionLog, timestamp: number): Promise<number> {
  return (await recordAtTime(log, timestamp))?.offset ?? log.highWatermark
}

/** The first record at or after that time. */
export async function recordAtTime(log: PartitionLog, timestamp: number): Promise<RecordAt | null> {
  let offset = Math.max((await log.offsetBefore(timestamp)) ?? log.startOffset, log.startOffset)
  while (offset < log.highWatermark) {
    for (const batch of await log.read(offset, log.highWatermark, readBytes)) {
      const header = readBatchHeader(batch, 0)
      if (header.maxTimestamp >= timestamp && !header.control) {
        const found = firstAt(batch, timestamp)
        if (found !== null) return found
      }
      offset = header.baseOffset + header.lastOffsetDelta + 1
    }
  }
  return null
}

/** The first of those with the greatest timestamp (KIP-734). Reads the headers of all batches. */
export async function newestRecord(log: PartitionLog): Promise<RecordAt | null> {
  let newest = -1
  for (let offset = log.startOffset; offset < log.highWatermark;) {
    for (const batch of await log.read(offset, log.highWatermark, readBytes)) {
      const header = readBatchHeader(batch, 0)
      if (!header.control) newest = Math.max(newest, header.maxTimestamp)
      offset = header.baseOffset + header.lastOffsetDelta + 1
    }
  }
  return newest < 0 ? null : recordAtTime(log, newest)
}

function firstAt(batch: Uint8Array, timestamp: number): RecordAt | null {
  let found: RecordAt | null = null
  forEachRecord(batch, (record) => {
    if (found === null && record.timestamp >= timestamp) found = { offset: record.offset, timestamp: record.timestamp }
  })
  return found
}
