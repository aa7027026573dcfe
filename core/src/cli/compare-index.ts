import type { Disk } from '../base/disk.ts'
import { coreError } from '../base/error-catalogue.ts'
import { SegmentIndexes } from '../storage/segment-indexes.ts'
import { segmentPath } from '../storage/segment.ts'
import { UsageError } from './usage-error.ts'

type Out = (line: string) => void

/** Compares an index file with one made anew from its segment, and prints what differs. False when something does. */
export async function compareIndex(disk: Disk, path: string, intervalBytes: number, out: Out): Promise<boolean> {
  const [, folder = '.', base, suffix] = /^(?:(.*)\/)?(\d{20})\.(index|timeindex)$/.exec(path) ?? []
  if (base === undefined) throw new UsageError(`${path}: only .index and .timeindex files can be compared`)
  const indexes = await indexesOf(disk, folder, Number(base), intervalBytes)
  const { entries } = suffix === 'index' ? indexes.offsets : indexes.times
  const found = Buffer.from(disk.readFile(path))
  const expected = entries.bytes.subarray(0, entries.sizeBytes)
  if (found.length !== expected.length)
    out(`${path}: ${found.length / entries.entryBytes} entries, expected ${expected.length / entries.entryBytes}`)
  for (let at = 0; at < Math.min(found.length, expected.length); at += entries.entryBytes) {
    const [one, other] = [found, expected].map((bytes) => bytes.subarray(at, at + entries.entryBytes).toString('hex'))
    if (one !== other) out(`${path}: entry ${at / entries.entryBytes} is ${one}, expected ${other}`)
  }
  return found.equals(expected)
}

/** As they stand when the segment is closed. @throws SEGMENT_DAMAGED, NOT_A_FILE */
async function indexesOf(disk: Disk, folder: string, baseOffset: number, intervalBytes: number): Promise<SegmentIndexes> {
  const path = segmentPath(folder, baseOffset, 'log')
  const size = disk.stat(path)?.sizeBytes
  if (size === undefined) throw coreError('NOT_A_FILE', { what: 'the segment of the index is missing', where: path })
  const indexes = SegmentIndexes.empty(baseOffset, intervalBytes)
  const log = disk.open(path)
  try {
    const end = await indexes.addFrom(log, 0, size)
    if (end < size)
      throw coreError('SEGMENT_DAMAGED', { what: 'the segment of the index is damaged', where: `${path}, byte ${end}` })
  } finally {
    log.close()
  }
  indexes.finish()
  return indexes
}
