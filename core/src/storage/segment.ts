import { DiskError, type Disk, type DiskFile } from '../base/disk.ts'
import { BATCH_OVERHEAD_BYTES, batchSizeBytes, countOf, lastOffsetOf, maxTimestampOf } from '../record/batch-header.ts'
import { isBatchIntact } from '../record/batch-validation.ts'
import type { EntryBuffer } from './entry-buffer.ts'
import { OffsetIndex } from './offset-index.ts'
import type { OpenSegments } from './open-segments.ts'
import { indexSuffixes, noTime, SegmentIndexes, type IndexSuffix } from './segment-indexes.ts'
import { TimeIndex, type TimeEntry } from './time-index.ts'
import { segmentBatches } from './segment-batches.ts'
import { readWhole, writeWhole } from './whole-write.ts'

/**
 * One segment of a partition: `<base offset>.log` with its two indexes.
 *
 * Invariants
 *   S1  The log file holds whole batches, one behind the other, nothing else; only the last segment of a partition grows.
 *   S2  Indexes of the growing segment are kept in memory and written at a roll, a close, or a checkpoint once many entries have
 *       gathered: recovery cuts both files to what the checkpoint says they hold. A crash so may leave a part without entries,
 *       which is read through from the last entry before it.
 *   S3  Index files are a help, never evidence: every entry that is used is compared with the batch it points at. Files that
 *       are missing or wrong are made anew from the log file.
 *   S4  A segment that compaction has replaced reads what it has open and nothing else: its names are another's now.
 *   S5  The log file and the indexes are opened when somebody wants them. A read that is under way keeps the file open, and so does what
 *       is not synced: an error of the disk is told to the file that it was written through.
 */
export interface SegmentMark {
  readonly baseOffset: number
  readonly logBytes: number
  readonly indexBytes: number
  readonly timeIndexBytes: number
  /** The greatest timestamp, and the last offset of the batch that holds it; -1 for none. */
  readonly maxTimestamp: number
  readonly maxTimestampOffset: number
  /** The greatest timestamp of the first batch, from which the age of the segment counts; -1 for none. */
  readonly firstTimestamp: number
}

export function segmentPath(folder: string, baseOffset: number, suffix: string): string {
  return `${folder}/${String(baseOffset).padStart(20, '0')}.${suffix}`
}

/** Read at least at once: a batch that is looked for stands, as a rule, no further from its index entry. */
const leastRead = 4096
/** A checkpoint of many small partitions would otherwise open and write two files for a few bytes in each. */
const unsavedEntriesAtMost = 64
/** How much of a segment's end is compared with its indexes when they are loaded. */
const longestReach = 1 << 20

export class Segment {
  readonly baseOffset: number
  readonly path: string
  private readonly disk: Disk
  private readonly folder: string
  private readonly indexIntervalBytes: number
  private log: DiskFile | null = null
  private indexes: SegmentIndexes | null = null
  /** What the index files of a segment that grows must hold; null for one that is complete. */
  private mark: SegmentMark | null
  private size: number
  private firstTime: number
  /** The greatest timestamp, once somebody asked. It is final when the segment is complete. */
  private latest: number | null = null
  private indexesRebuilt = false
  /** Work on the index files, one after the other. */
  private indexWork: Promise<unknown> = Promise.resolve()
  private reads = 0
  /** Something was written that no sync has covered. */
  private unsynced = false
  private readonly openSegments: OpenSegments
  private leaving = false
  private gone = false

  private constructor(place: SegmentPlace, size: number, mark: SegmentMark | null) {
    this.disk = place.disk
    this.folder = place.folder
    this.baseOffset = place.baseOffset
    this.indexIntervalBytes = place.indexIntervalBytes
    this.openSegments = place.openSegments
    this.size = size
    this.mark = mark
    this.firstTime = mark?.firstTimestamp ?? -1
    this.path = segmentPath(place.folder, place.baseOffset, 'log')
  }

  /** Makes the files of a new segment; leftovers of their names are emptied. */
  static create(place: SegmentPlace): Segment {
    const { disk, baseOffset, indexIntervalBytes } = place
    const segment = new Segment(place, 0, { ...emptyMark, baseOffset })
    for (const suffix of indexSuffixes) disk.create(segment.pathOf(suffix)).close()
    segment.log = disk.create(segment.path)
    segment.unsynced = true
    segment.indexes = SegmentIndexes.empty(baseOffset, indexIntervalBytes)
    return segment
  }

  /** The one that grows, as a checkpoint recorded it; what its files held beyond that was cut off. */
  static growing(place: SegmentPlace, mark: SegmentMark): Segment {
    return new Segment(place, mark.logBytes, mark)
  }

  /** One that is never written again. */
  static complete(place: SegmentPlace, sizeBytes: number): Segment {
    return new Segment(place, sizeBytes, null)
  }

  get sizeBytes(): number {
    return this.size
  }

  /** Of its indexes, as far as `letGo` would free them. */
  get indexBytes(): number {
    return this.mark === null ? (this.indexes?.sizeBytes ?? 0) : 0
  }

  /** The greatest timestamp of the first batch of one that grows; -1 for none. */
  get firstTimestamp(): number {
    return this.firstTime
  }

  /** Index entries that one that grows may still take. */
  entriesLeft(maxIndexBytes: number): number {
    if (this.indexes === null) return Infinity
    const { offsets, times } = this.indexes
    const left = Math.min(entriesLeft(offsets.entries, maxIndexBytes), entriesLeft(times.entries, maxIndexBytes) - 1)
    return Math.max(left, 0)
  }

  private pathOf(suffix: IndexSuffix): string {
    return segmentPath(this.folder, this.baseOffset, suffix)
  }

  private get file(): DiskFile {
    if (this.gone && this.log === null) throw new SegmentReplaced(this.path)
    this.leaving = this.gone
    this.log ??= this.disk.open(this.path)
    return this.log
  }

  /** Writes whole batches at the end. When it fails the segment is as before, whatever lies behind its end in the file. */
  async append(batches: readonly Uint8Array[]): Promise<void> {
    await this.loadIndexes()
    this.keepOpen()
    await writeWhole(this.file, batches, this.size)
    if (this.size === 0) this.firstTime = maxTimestampOf(batches[0]!, 0)
    for (const batch of batches) {
      this.indexes!.add(batch, this.size)
      this.size += batch.length
    }
  }

  async sync(): Promise<void> {
    this.keepOpen()
    await this.file.dataSync()
    this.unsynced = false
    this.stayOpen()
  }

  /** So many that a search without them would take long. A crash leaves those of the checkpoint; what it takes is not made again. */
  get lacksIndexEntries(): boolean {
    return (this.indexes?.unsavedEntries ?? 0) >= unsavedEntriesAtMost
  }

  /** Writes what the index files lack. `final`: nothing is to come. */
  async saveIndexes(final: boolean): Promise<void> {
    await this.loadIndexes()
    await this.onIndexFiles(async () => {
      if (final) this.indexes!.finish()
      await this.indexes!.save(this.disk, (suffix) => this.pathOf(suffix))
    })
  }

  /** What a checkpoint records of it. Indexes are to be saved first. */
  async takeMark(): Promise<SegmentMark> {
    const { offsets, times, greatestTime } = await this.loadIndexes()
    return {
      baseOffset: this.baseOffset,
      logBytes: this.size,
      indexBytes: offsets.entries.savedBytes,
      timeIndexBytes: times.entries.savedBytes,
      maxTimestamp: greatestTime.timestamp,
      maxTimestampOffset: greatestTime.offset,
      firstTimestamp: this.firstTime,
    }
  }

  /** Whole batches from the one that holds `offset`, at most about `maxBytes` but at least that one; empty if it is not there. */
  async read(offset: number, maxBytes: number): Promise<Buffer> {
    const entry = (await this.loadIndexes()).offsets.entryFor(offset)
    const wanted = Math.max(maxBytes, leastRead)
    if (entry === undefined) return this.scan(offset, 0, wanted)
    const chunk = await this.readBytes(entry.position, wanted)
    if (chunk.length >= BATCH_OVERHEAD_BYTES && lastOffsetOf(chunk, 0) === entry.lastOffset) {
      return this.scan(offset, entry.position, wanted, chunk)
    }
    return (await this.rebuildIndexes()) ? this.read(offset, maxBytes) : this.scan(offset, 0, wanted)
  }

  /** From a batch at `start` forward to the one that holds `offset`. */
  private async scan(offset: number, start: number, bytes: number, first?: Buffer): Promise<Buffer> {
    let chunk = first ?? (await this.readBytes(start, bytes))
    for (let position = start; ;) {
      const skipped = bytesBefore(chunk, offset)
      const needed = neededBytes(chunk, skipped)
      if (needed <= chunk.length - skipped) return wholeBatches(chunk, skipped)
      position += skipped
      if (position + needed > this.size) return Buffer.alloc(0)
      const again = await this.readBytes(position, Math.max(bytes, needed))
      if (skipped === 0 && again.length <= chunk.length) return Buffer.alloc(0)
      chunk = again
    }
  }

  /** Up to `maxBytes` from `position`, never beyond the end of what was written. */
  private async readBytes(position: number, maxBytes: number): Promise<Buffer> {
    const wanted = Math.min(maxBytes, this.size - position)
    if (wanted <= 0) return Buffer.alloc(0)
    const bytes = Buffer.allocUnsafeSlow(wanted)
    const { file } = this
    this.reads++
    try {
      return bytes.subarray(0, await readWhole(file, bytes, position))
    } finally {
      this.doneReading()
    }
  }

  private doneReading(): void {
    this.reads--
    if (this.leaving) this.letGo()
    else this.stayOpen()
  }

  /** Until what is written to it, or was before, is synced: nobody may close the file meanwhile. */
  private keepOpen(): void {
    this.unsynced = true
    this.openSegments.forget(this)
  }

  /** What is open stays so for others, within the bounds of the directory; what is not synced in any case. */
  private stayOpen(): void {
    if (!this.unsynced && !this.gone) this.openSegments.keep(this)
  }

  /** Every batch, up to the first that is damaged. */
  async *batches(): AsyncGenerator<Uint8Array> {
    const { file } = this
    this.reads++
    try {
      for await (const { bytes } of segmentBatches(file, this.size)) {
        if (!isBatchIntact(bytes, 0)) return
        yield bytes
      }
    } finally {
      this.doneReading()
    }
  }

  /** The greatest timestamp in it; -1 for none. */
  async maxTimestamp(): Promise<number> {
    if (this.mark === null && this.latest !== null) return this.latest
    this.latest = (await this.loadIndexes()).greatestTime.timestamp
    return this.latest
  }

  /** An offset at or before the first record at or after that time. */
  async offsetBefore(timestamp: number): Promise<number> {
    const entry = (await this.loadIndexes()).times.entryBefore(timestamp)
    if (entry === undefined) return this.baseOffset
    if (await this.isRightTime(entry)) return entry.offset
    return (await this.rebuildIndexes()) ? this.offsetBefore(timestamp) : this.baseOffset
  }

  private async isRightTime({ timestamp, offset }: TimeEntry): Promise<boolean> {
    const batch = await this.read(offset, 1)
    return batch.length > 0 && lastOffsetOf(batch, 0) === offset && maxTimestampOf(batch, 0) === timestamp
  }

  private async loadIndexes(): Promise<SegmentIndexes> {
    if (this.indexes !== null) return this.indexes
    if (this.gone) throw new SegmentReplaced(this.path)
    return this.onIndexFiles(async () => {
      this.indexes ??= (await this.readIndexes()) ?? (await this.buildIndexes(null))
      this.stayOpen()
      return this.indexes
    })
  }

  /** Null when the files are missing or cannot be right. */
  private async readIndexes(): Promise<SegmentIndexes | null> {
    const { mark, baseOffset } = this
    const [offsetBytes, timeBytes] = indexSuffixes.map((suffix) => this.readIndexFile(suffix))
    if (!offsetBytes || !timeBytes) return null
    const offsets = new OffsetIndex(baseOffset, offsetBytes)
    const times = new TimeIndex(baseOffset, timeBytes)
    if (!offsets.isSane(this.size) || !times.isSane) return null
    const isRight =
      mark === null
        ? await this.endsRight(offsets, times)
        : offsetBytes.length === mark.indexBytes && timeBytes.length === mark.timeIndexBytes
    if (!isRight) return null
    const greatest = mark === null ? (times.last ?? noTime) : { timestamp: mark.maxTimestamp, offset: mark.maxTimestampOffset }
    return new SegmentIndexes(offsets, times, this.indexIntervalBytes, this.size, greatest)
  }

  /** Whether the index files of a complete segment reach to its end: what was cut off could hide the greatest timestamp. */
  private async endsRight(offsets: OffsetIndex, times: TimeIndex): Promise<boolean> {
    const start = offsets.last?.position ?? 0
    const greatest = times.last?.timestamp ?? -1
    const reach = Math.min(this.indexIntervalBytes, longestReach)
    const bytes = await this.readBytes(start, reach + BATCH_OVERHEAD_BYTES)
    for (let at = 0; start + at < this.size; at += Math.max(batchSizeBytes(bytes, at), BATCH_OVERHEAD_BYTES)) {
      if (at > reach) return reach === longestReach
      if (at + BATCH_OVERHEAD_BYTES > bytes.length || timeOf(bytes, at) > greatest) return false
    }
    return true
  }

  private readIndexFile(suffix: IndexSuffix): Uint8Array | null {
    const path = this.pathOf(suffix)
    return this.disk.stat(path)?.kind === 'file' ? this.disk.readFile(path) : null
  }

  /** After an entry was found to be wrong; once. False when that gives nothing better, because the log file is damaged too. */
  private rebuildIndexes(): Promise<boolean> {
    if (this.indexesRebuilt) return Promise.resolve(false)
    return this.onIndexFiles(async () => {
      const old = this.indexes
      this.indexes = await this.buildIndexes(old)
      return this.indexes !== old
    })
  }

  private async buildIndexes(old: SegmentIndexes | null): Promise<SegmentIndexes> {
    this.indexesRebuilt = true
    const built = SegmentIndexes.empty(this.baseOffset, this.indexIntervalBytes)
    const isWhole = (await this.addAllTo(built)) === this.size
    if (old !== null && !isWhole) return old
    this.indexes = built // in the turn in which it has everything: an append adds to it from here on
    if (this.mark !== null) for (const suffix of indexSuffixes) this.disk.create(this.pathOf(suffix)).close()
    else if (isWhole) await this.replaceIndexFiles(built)
    return built
  }

  /** Returns how far the log file is intact. It may grow meanwhile. */
  private async addAllTo(built: SegmentIndexes): Promise<number> {
    const { file } = this
    let end = 0
    this.reads++
    try {
      for (let start = -1; end > start && end < this.size;) {
        start = end
        end = await built.addFrom(file, start, this.size)
      }
      return end
    } finally {
      this.doneReading()
    }
  }

  /** A help for the next time: without it they are made again. */
  private async replaceIndexFiles(built: SegmentIndexes): Promise<void> {
    built.finish()
    if (this.gone) return
    try {
      await built.replace(this.disk, (suffix) => this.pathOf(suffix))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Work on the index files, or such as needs them to rest. */
  onIndexFiles<T>(work: () => Promise<T>): Promise<T> {
    const result = this.indexWork.then(work)
    this.indexWork = result.catch(() => {
      // Whoever asked for it hears of it.
    })
    return result
  }

  /** It is complete, synced, and its index files have everything: it may be let go, and found again as its files are. */
  complete(): void {
    if (this.indexes?.isSaved === true) this.mark = null
    this.latest = null
  }

  /** Another one has its names now, inside `onIndexFiles`. Whoever reads it is told, or ends with what it was. */
  replaced(): void {
    this.gone = true
    this.letGo()
  }

  /** Lets go of the file once nobody reads it, and of the indexes of a complete segment. No write may be under way. */
  letGo(): void {
    this.openSegments.forget(this)
    this.leaving = this.reads > 0
    if (this.leaving) return
    if (this.mark === null) this.indexes = null
    const { log } = this
    this.log = null
    try {
      log?.close()
    } catch (error) {
      // A file that does not close loses nothing: what counts was synced.
      if (!(error instanceof DiskError)) throw error
    }
  }
}

/** A read came too late for the segment that it began with. */
class SegmentReplaced extends Error {
  constructor(path: string) {
    super(`${path} was replaced`)
    this.name = 'SegmentReplaced'
  }
}

export interface SegmentPlace {
  readonly disk: Disk
  readonly folder: string
  readonly baseOffset: number
  readonly indexIntervalBytes: number
  readonly openSegments: OpenSegments
}

function entriesLeft({ count, entryBytes }: EntryBuffer, maxIndexBytes: number): number {
  return Math.floor(maxIndexBytes / entryBytes) - count
}

/** As the time index sees it: a batch without records has none. */
function timeOf(bytes: Uint8Array, at: number): number {
  return countOf(bytes, at) === 0 ? -1 : maxTimestampOf(bytes, at)
}

/** Bytes of whole batches that end before the offset. */
function bytesBefore(chunk: Buffer, offset: number): number {
  let at = 0
  while (neededBytes(chunk, at) <= chunk.length - at && lastOffsetOf(chunk, at) < offset) at += batchSizeBytes(chunk, at)
  return at
}

function wholeBatches(chunk: Buffer, from: number): Buffer {
  let end = from
  while (neededBytes(chunk, end) <= chunk.length - end) end += batchSizeBytes(chunk, end)
  return chunk.subarray(from, end)
}

/** What the batch at `at` takes, as far as can be seen; without end when no batch can say what stands there. */
function neededBytes(chunk: Buffer, at: number): number {
  if (chunk.length - at < BATCH_OVERHEAD_BYTES) return BATCH_OVERHEAD_BYTES
  const size = batchSizeBytes(chunk, at)
  return size < BATCH_OVERHEAD_BYTES ? Infinity : size
}

const emptyMark = { logBytes: 0, indexBytes: 0, timeIndexBytes: 0, maxTimestamp: -1, maxTimestampOffset: -1, firstTimestamp: -1 }
