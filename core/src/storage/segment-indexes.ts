import type { Disk, DiskFile } from '../base/disk.ts'
import { baseOffsetOf, countOf, lastOffsetOf, maxTimestampOf } from '../record/batch-header.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import { replaceHelper } from './atomic-file.ts'
import { OffsetIndex } from './offset-index.ts'
import { segmentBatches } from './segment-batches.ts'
import { TimeIndex, type TimeEntry } from './time-index.ts'
import { writeWhole } from './whole-write.ts'

/** Indexes count offsets from the segment's own in 32 bits. */
const greatestDelta = 2 ** 31 - 1

/**
 * The two indexes of one segment, in memory, and their files.
 *
 * Invariants
 *   D1  Entries follow Kafka's rule: one for a batch once more than `intervalBytes` lie behind the last entry.
 *   D2  All of it can be made again from the log file.
 */
export class SegmentIndexes {
  readonly offsets: OffsetIndex
  readonly times: TimeIndex
  private readonly intervalBytes: number
  private bytesSinceEntry: number
  private greatest: TimeEntry
  private lastOffset: number

  constructor(offsets: OffsetIndex, times: TimeIndex, intervalBytes: number, logBytes: number, greatest: TimeEntry) {
    this.offsets = offsets
    this.times = times
    this.intervalBytes = intervalBytes
    this.bytesSinceEntry = logBytes - (offsets.last?.position ?? 0)
    this.greatest = greatest
    this.lastOffset = offsets.last?.lastOffset ?? offsets.baseOffset - 1
  }

  static empty(baseOffset: number, intervalBytes: number): SegmentIndexes {
    return new SegmentIndexes(new OffsetIndex(baseOffset), new TimeIndex(baseOffset), intervalBytes, 0, noTime)
  }

  /** The greatest timestamp so far; -1 for none. */
  get greatestTime(): TimeEntry {
    return this.greatest
  }

  /** A whole batch that stands at `position`, behind all others. */
  add(batch: Uint8Array, position: number): void {
    const lastOffset = lastOffsetOf(batch, 0)
    const timestamp = maxTimestampOf(batch, 0)
    // What compaction has emptied holds no record that could be looked for.
    if (timestamp > this.greatest.timestamp && countOf(batch, 0) > 0) this.greatest = { timestamp, offset: lastOffset }
    if (this.bytesSinceEntry > this.intervalBytes) {
      this.offsets.append(lastOffset, position)
      this.times.append(this.greatest.timestamp, this.greatest.offset)
      this.bytesSinceEntry = 0
    }
    this.bytesSinceEntry += batch.length
    this.lastOffset = lastOffset
  }

  /** Adds what a log file holds from one position to another; returns how far it is intact, and in the order of its offsets. */
  async addFrom(log: DiskFile, start: number, endBytes: number): Promise<number> {
    let end = start
    for await (const { position, bytes } of segmentBatches(log, endBytes, start)) {
      if (!isBatchIntact(bytes, 0) || !this.isNext(bytes)) break
      this.add(bytes, position)
      end = position + bytes.length
    }
    return end
  }

  /** Whether the offsets go on: no checksum covers them, and a disk may have put a batch where another belongs. */
  private isNext(batch: Uint8Array): boolean {
    return baseOffsetOf(batch, 0) > this.lastOffset && lastOffsetOf(batch, 0) - this.offsets.baseOffset <= greatestDelta
  }

  get sizeBytes(): number {
    return this.offsets.entries.sizeBytes + this.times.entries.sizeBytes
  }

  get isSaved(): boolean {
    return this.files().every(([, { entries }]) => entries.savedBytes === entries.sizeBytes)
  }

  /** Entries that the files lack. */
  get unsavedEntries(): number {
    const { sizeBytes, savedBytes, entryBytes } = this.offsets.entries
    return (sizeBytes - savedBytes) / entryBytes
  }

  /** The segment is closed: its greatest timestamp gets an entry. */
  finish(): void {
    if (this.greatest.offset >= 0) this.times.append(this.greatest.timestamp, this.greatest.offset)
  }

  /** Writes what the files lack. It is not synced (D2): what a power cut takes is found to be wrong and made again. */
  async save(disk: Disk, pathOf: PathOf): Promise<void> {
    for (const [suffix, { entries }] of this.files()) {
      const end = entries.sizeBytes
      if (end === entries.savedBytes) continue
      const file = disk.open(pathOf(suffix))
      try {
        await writeWhole(file, [entries.unsaved()], entries.savedBytes)
      } finally {
        file.close()
      }
      entries.markSaved(end)
    }
  }

  /** Replaces the files by what is here. Nothing may be added meanwhile. */
  async replace(disk: Disk, pathOf: PathOf): Promise<void> {
    for (const [suffix, { entries }] of this.files()) {
      await replaceHelper(disk, pathOf(suffix), entries.bytes.subarray(0, entries.sizeBytes))
      entries.markSaved(entries.sizeBytes)
    }
  }

  private files(): readonly (readonly [IndexSuffix, OffsetIndex | TimeIndex])[] {
    return [
      ['index', this.offsets],
      ['timeindex', this.times],
    ]
  }
}

export type IndexSuffix = 'index' | 'timeindex'
export const indexSuffixes: readonly IndexSuffix[] = ['index', 'timeindex']
type PathOf = (suffix: IndexSuffix) => string

export const noTime: TimeEntry = { timestamp: -1, offset: -1 }
