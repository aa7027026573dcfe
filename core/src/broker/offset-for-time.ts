import type { PartitionLog } from '../log/partition-log.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'

const readBytes = 1 << 20

/** The offset of the first record at or after that time; the high watermark when there is none. */
export async function offsetForTime(log: PartitionLog, timestamp: number): Promise<number> {
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
  return offset
}

function firstAt(batch: Uint8Array, timestamp: number): number | null {
  let found: number | null = null
  forEachRecord(batch, (record) => {
    if (found === null && record.timestamp >= timestamp) found = record.offset
  })
  return found
}
