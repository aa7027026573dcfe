import type { Disk, DiskFile } from '../base/disk.ts'
import { lastOffsetOf, maxTimestampOf } from '../record/batch-header.ts'
import { OffsetIndex } from './offset-index.ts'
import { TimeIndex } from './time-index.ts'
import { readWhole, writeWhole } from './whole-write.ts'

/**
 * One segment of a partition: `<base offset>.log` with its two indexes.
 *
 * Invariants
 *   S1  The log file holds whole batches, one behind the other, nothing else; only the last segment of a partition grows.
 *   S2  Index entries follow Kafka's rule: one per batch once more than `indexIntervalBytes` lie behind the last entry.
 *   S3  Indexes of the growing segment are kept in memory and written at a checkpoint, a roll or a close: until then the
 *       journal holds the batches, and recovery cuts both files to the checkpoint.
 */
export interface SegmentMark {
  readonly baseOffset: number
  readonly logBytes: number
  readonly indexBytes: number
  readonly timeIndexBytes: number
  /** The greatest timestamp, and the last offset of the batch that holds it; -1 for none. */
  readonly maxTimestamp: number
  readonly maxTimestampOffset: number
}

function emptyMark(baseOffset: number): SegmentMark {
  return { baseOffset, logBytes: 0, indexBytes: 0, timeIndexBytes: 0, maxTimestamp: -1, maxTimestampOffset: -1 }
}

export function segmentPath(folder: string, baseOffset: number, suffix: string): string {
  return `${folder}/${String(baseOffset).padStart(20, '0')}.${suffix}`
}

export class Segment {
  readonly baseOffset: number
  readonly path: string
  private readonly disk: Disk
  private readonly folder: string
  private readonly indexIntervalBytes: number
  private log: DiskFile | null = null
  private offsets: OffsetIndex | null = null
  private times: TimeIndex | null = null
  private size: number
  private bytesSinceEntry = 0
  private maxTimestamp: number
  private maxTimestampOffset: number

  constructor(disk: Disk, folder: string, indexIntervalBytes: number, mark: SegmentMark) {
    this.disk = disk
    this.folder = folder
    this.baseOffset = mark.baseOffset
    this.indexIntervalBytes = indexIntervalBytes
    this.size = mark.logBytes
    this.maxTimestamp = mark.maxTimestamp
    this.maxTimestampOffset = mark.maxTimestampOffset
    this.path = segmentPath(folder, mark.baseOffset, 'log')
  }

  /** Makes the files of a new segment; leftovers of their names are emptied. */
  static create(disk: Disk, folder: string, baseOffset: number, indexIntervalBytes: number): Segment {
    const segment = new Segment(disk, folder, indexIntervalBytes, emptyMark(baseOffset))
    for (const suffix of ['index', 'timeindex']) disk.create(segmentPath(folder, baseOffset, suffix)).close()
    segment.log = disk.create(segment.path)
    segment.offsets = new OffsetIndex(baseOffset)
    segment.times = new TimeIndex(baseOffset)
    return segment
  }

  get sizeBytes(): number {
    return this.size
  }

  /** What a checkpoint records of it. Index files are to be saved first. */
  get mark(): SegmentMark {
    return {
      baseOffset: this.baseOffset,
      logBytes: this.size,
      indexBytes: this.offsetIndex.entries.savedBytes,
      timeIndexBytes: this.timeIndex.entries.savedBytes,
      maxTimestamp: this.maxTimestamp,
      maxTimestampOffset: this.maxTimestampOffset,
    }
  }

  get timeIndex(): TimeIndex {
    this.times ??= new TimeIndex(this.baseOffset, this.disk.readFile(segmentPath(this.folder, this.baseOffset, 'timeindex')))
    return this.times
  }

  private get offsetIndex(): OffsetIndex {
    this.offsets ??= new OffsetIndex(this.baseOffset, this.disk.readFile(segmentPath(this.folder, this.baseOffset, 'index')))
    return this.offsets
  }

  private get file(): DiskFile {
    this.log ??= this.disk.open(this.path)
    return this.log
  }

  /** Writes whole batches at the end. When it fails the segment is as before, whatever lies behind its end in the file. */
  async append(batches: readonly Uint8Array[]): Promise<void> {
    await writeWhole(this.file, batches, this.size)
    for (const batch of batches) this.index(batch)
  }

  private index(batch: Uint8Array): void {
    const lastOffset = lastOffsetOf(batch, 0)
    const timestamp = maxTimestampOf(batch, 0)
    if (timestamp > this.maxTimestamp) {
      this.maxTimestamp = timestamp
      this.maxTimestampOffset = lastOffset
    }
    if (this.bytesSinceEntry > this.indexIntervalBytes) {
      this.offsetIndex.append(lastOffset, this.size)
      this.timeIndex.append(this.maxTimestamp, this.maxTimestampOffset)
      this.bytesSinceEntry = 0
    }
    this.size += batch.length
    this.bytesSinceEntry += batch.length
  }

  /** Writes what the index files lack. `final`: the segment is closed, and its greatest timestamp gets an entry. */
  async saveIndexes(final: boolean): Promise<void> {
    if (final && this.maxTimestampOffset >= 0) this.timeIndex.append(this.maxTimestamp, this.maxTimestampOffset)
    await this.save('index', this.offsetIndex)
    await this.save('timeindex', this.timeIndex)
  }

  private async save(suffix: string, { entries }: OffsetIndex | TimeIndex): Promise<void> {
    const end = entries.sizeBytes
    if (end === entries.savedBytes) return
    const file = this.disk.open(segmentPath(this.folder, this.baseOffset, suffix))
    try {
      await writeWhole(file, [entries.unsaved()], entries.savedBytes)
      await file.dataSync()
    } finally {
      file.close()
    }
    entries.markSaved(end)
  }

  async sync(): Promise<void> {
    await this.file.dataSync()
  }

  /** A position at or before the batch that holds `offset`. */
  positionFor(offset: number): number {
    return this.offsetIndex.positionFor(offset)
  }

  /** Up to `maxBytes` from `position`, never beyond the end of what was written. */
  async read(position: number, maxBytes: number): Promise<Buffer> {
    const wanted = Math.min(maxBytes, this.size - position)
    if (wanted <= 0) return Buffer.alloc(0)
    const bytes = Buffer.allocUnsafeSlow(wanted)
    const read = await readWhole(this.file, bytes, position)
    return read === wanted ? bytes : bytes.subarray(0, read)
  }

  close(): void {
    this.log?.close()
    this.log = null
  }
}
