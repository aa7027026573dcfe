import type { Disk } from '../base/disk.ts'
import { GroupOffsets, type GroupPosition } from '../coordinator/group-offsets.ts'
import { readBatchHeader } from '../record/batch-header.ts'
import { forEachRecord } from '../record/batch-reader.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import { readControlKind } from '../record/control-record.ts'
import { segmentBases } from '../storage/folder-files.ts'
import { segmentBatches } from '../storage/segment-batches.ts'
import { segmentPath } from '../storage/segment.ts'

/** What groups have committed, by a partition of a Kafka's `__consumer_offsets`. Offsets of a transaction that never ended do not count. */
export async function committedIn(disk: Disk, folder: string): Promise<ReadonlyMap<string, readonly GroupPosition[]>> {
  const offsets = new GroupOffsets()
  for (const base of segmentBases(disk, folder)) {
    const path = segmentPath(folder, base, 'log')
    const file = disk.open(path)
    try {
      for await (const { bytes } of segmentBatches(file, disk.stat(path)!.sizeBytes)) {
        if (!isBatchIntact(bytes, 0)) break
        replay(offsets, bytes)
      }
    } finally {
      file.close()
    }
  }
  return new Map([...offsets.names].map((group) => [group, offsets.committed(group)]))
}

function replay(offsets: GroupOffsets, bytes: Uint8Array): void {
  const { control, transactional, producerId } = readBatchHeader(bytes, 0)
  if (control) {
    const kind = readControlKind(bytes)
    if (kind !== null) offsets.endTransaction(producerId, kind)
    return
  }
  forEachRecord(bytes, ({ key, value, offset }) => {
    if (key !== null) offsets.replay({ key, value }, transactional ? producerId : -1, offset)
  })
}
