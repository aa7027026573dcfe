import { coreError } from '../base/error-catalogue.ts'
import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import { baseOffsetOf, batchSizeBytes, lastOffsetOf, leaderEpochOf } from '../record/batch-header.ts'
import { replaceFile } from './atomic-file.ts'
import { Segment, segmentPath, type SegmentMark } from './segment.ts'

/**
 * The files of one partition: `<topic>-<partition>/` with its segments, as Kafka lays them out.
 *
 * Invariants
 *   G1  The folder is made at the first write: a partition that was never written costs nothing.
 *   G2  Only batches that the journal holds durably are written here, in offset order, by one writer.
 *   G3  What lies beyond the newest checkpoint's mark is nothing but a copy of the journal: opening cuts it off.
 *   G4  Every segment but the last is complete, synced by the checkpoint that follows its roll, and never written again.
 */
const leastReadBytes = 4096

export interface PartitionFolderOptions {
  readonly segmentBytes: number
  readonly indexIntervalBytes: number
}

/** What a checkpoint records: recovery cuts the folder back to it. */
export interface FolderMark {
  readonly active: SegmentMark
  /** Epochs of the log and the offsets they start at: Kafka's leader epoch checkpoint. */
  readonly epochs: readonly EpochStart[]
}

export type EpochStart = readonly [epoch: number, startOffset: number]

export class PartitionFolder {
  readonly path: string
  readonly topicId: TopicId
  private readonly disk: Disk
  private options: PartitionFolderOptions
  private segments: Segment[] = []
  private epochs: EpochStart[] = []
  private readonly unsynced = new Set<Segment>()
  private namesUnsynced = false
  private epochsUnsaved = false
  private end: number

  constructor(disk: Disk, path: string, topicId: TopicId, options: PartitionFolderOptions, endOffset = 0) {
    this.disk = disk
    this.end = endOffset
    this.path = path
    this.topicId = topicId
    this.options = options
  }

  /** Opens what a checkpoint recorded, which ends at `endOffset`, and cuts off what lies beyond. @throws SEGMENT_DAMAGED */
  static open(
    disk: Disk,
    path: string,
    topicId: TopicId,
    options: PartitionFolderOptions,
    mark: FolderMark,
    endOffset: number,
  ): PartitionFolder {
    const folder = new PartitionFolder(disk, path, topicId, options, endOffset)
    folder.epochs = [...mark.epochs]
    const bases = segmentBases(disk, path)
    for (const base of bases) if (base > mark.active.baseOffset) removeSegment(disk, path, base)
    for (const base of bases) if (base < mark.active.baseOffset) folder.segments.push(folder.complete(base))
    cutTo(disk, path, mark.active)
    folder.segments.push(new Segment(disk, path, options.indexIntervalBytes, mark.active))
    return folder
  }

  private complete(baseOffset: number): Segment {
    const stat = this.disk.stat(segmentPath(this.path, baseOffset, 'log'))
    const logBytes = stat?.sizeBytes ?? 0
    return new Segment(this.disk, this.path, this.options.indexIntervalBytes, {
      baseOffset,
      logBytes,
      indexBytes: 0,
      timeIndexBytes: 0,
      maxTimestamp: -1,
      maxTimestampOffset: -1,
    })
  }

  configure(options: PartitionFolderOptions): void {
    this.options = options
  }

  get startOffset(): number | undefined {
    return this.segments[0]?.baseOffset
  }

  /** The next offset to be written here. */
  get endOffset(): number {
    return this.end
  }

  get epochStarts(): readonly EpochStart[] {
    return this.epochs
  }

  /** Writes whole batches in offset order, rolling as they go. After an error the part before it is kept. */
  async append(batches: readonly Uint8Array[]): Promise<void> {
    let rest = batches
    while (rest.length > 0) {
      const segment = await this.segmentFor(rest[0]!)
      const count = this.fitting(segment, rest)
      this.unsynced.add(segment)
      await segment.append(rest.slice(0, count))
      this.noteEpochs(rest, count)
      this.end = lastOffsetOf(rest[count - 1]!, 0) + 1
      rest = rest.slice(count)
    }
  }

  private async segmentFor(batch: Uint8Array): Promise<Segment> {
    const active = this.segments.at(-1)
    if (active !== undefined && !this.isFull(active, batch, active.sizeBytes)) return active
    await active?.saveIndexes(true)
    if (active === undefined) await this.makeFolder()
    const segment = Segment.create(this.disk, this.path, baseOffsetOf(batch, 0), this.options.indexIntervalBytes)
    this.namesUnsynced = true
    this.segments.push(segment)
    return segment
  }

  /** How many of the batches go into the segment: at least one. */
  private fitting(segment: Segment, batches: readonly Uint8Array[]): number {
    let size = segment.sizeBytes
    let count = 0
    while (count < batches.length && (count === 0 || !this.isFull(segment, batches[count]!, size)))
      size += batches[count++]!.length
    return count
  }

  private isFull(segment: Segment, batch: Uint8Array, sizeBytes: number): boolean {
    if (sizeBytes === 0) return false
    return sizeBytes + batch.length > this.options.segmentBytes || baseOffsetOf(batch, 0) - segment.baseOffset > 0x7fff0000
  }

  /**
   * The folder says first whose it is: only one that names this topic id may hold leftovers (of a run that crashed before
   * its checkpoint) that are removed. @throws FOLDER_UNKNOWN
   */
  private async makeFolder(): Promise<void> {
    const metadata = `${this.path}/partition.metadata`
    const content = partitionMetadata(this.topicId)
    this.disk.makeFolder(this.path)
    if (this.disk.stat(metadata) === null) {
      if (segmentBases(this.disk, this.path).length > 0) throw unknownFolder(this.path)
      await replaceFile(this.disk, metadata, Buffer.from(content))
    } else if (Buffer.from(this.disk.readFile(metadata)).toString('utf8') !== content) throw unknownFolder(this.path)
    for (const base of segmentBases(this.disk, this.path)) removeSegment(this.disk, this.path, base)
  }

  private noteEpochs(batches: readonly Uint8Array[], count: number): void {
    for (let index = 0; index < count; index++) {
      const epoch = leaderEpochOf(batches[index]!, 0)
      if (epoch === this.epochs.at(-1)?.[0]) continue
      this.epochs.push([epoch, baseOffsetOf(batches[index]!, 0)])
      this.epochsUnsaved = true
    }
  }

  /** Makes everything written so far durable and returns its mark; null when nothing was ever written. */
  async checkpoint(): Promise<FolderMark | null> {
    const active = this.segments.at(-1)
    if (active === undefined) return null
    for (const segment of this.unsynced) {
      if (segment === active) await segment.saveIndexes(false)
      await segment.sync()
    }
    this.unsynced.clear()
    await this.saveSmallFiles()
    return { active: active.mark, epochs: [...this.epochs] }
  }

  private async saveSmallFiles(): Promise<void> {
    if (this.epochsUnsaved) {
      await replaceFile(this.disk, `${this.path}/leader-epoch-checkpoint`, Buffer.from(epochCheckpoint(this.epochs)))
      this.epochsUnsaved = false
    }
    if (this.namesUnsynced) this.disk.syncFolder(this.path)
    this.namesUnsynced = false
  }

  /** Ends the growing segment's indexes as Kafka does at a clean close. The next checkpoint makes it durable. */
  async finishIndexes(): Promise<void> {
    await this.segments.at(-1)?.saveIndexes(true)
  }

  /** Whole batches from the one that holds `offset`, at least one, at most about `maxBytes`; empty at the end. */
  async read(offset: number, maxBytes: number): Promise<Buffer> {
    const index = this.segments.findLastIndex((segment) => segment.baseOffset <= offset)
    for (let at = Math.max(index, 0); at < this.segments.length; at++) {
      const bytes = await this.readSegment(this.segments[at]!, offset, maxBytes)
      if (bytes.length > 0) return bytes
    }
    return Buffer.alloc(0)
  }

  /**
   * Reads on until a chunk holds a whole batch that reaches the offset. A chunk may be cut off anywhere, also inside a batch
   * that lies before the offset: what is cut off is read again from its start, and looked at again.
   */
  private async readSegment(segment: Segment, offset: number, maxBytes: number): Promise<Buffer> {
    const chunkBytes = Math.max(maxBytes, leastReadBytes)
    let position = segment.positionFor(offset)
    let wanted = chunkBytes
    for (;;) {
      const chunk = await segment.read(position, wanted)
      const skipped = skipBefore(chunk, offset)
      const found = wholeBatches(chunk, skipped)
      if (found.length > 0 || chunk.length === 0) return found
      if (skipped === 0 && chunk.length < wanted) throw cutOff(segment.path, position)
      position += skipped
      wanted = skipped < chunk.length ? Math.max(chunkBytes, batchBytesAt(chunk, skipped)) : chunkBytes
    }
  }

  /** An offset at or before the first record at or after that time. */
  offsetBefore(timestamp: number): number | undefined {
    for (const segment of this.segments.slice(0, -1)) {
      if (segment.timeIndex.lastTimestamp >= timestamp) return segment.timeIndex.offsetBefore(timestamp)
    }
    return this.segments.at(-1)?.timeIndex.offsetBefore(timestamp)
  }

  close(): void {
    for (const segment of this.segments) segment.close()
  }
}

/** Bytes of the batch at `at`; a header that is cut off counts as one byte too many. */
function batchBytesAt(chunk: Buffer, at: number): number {
  if (chunk.length - at < 12) return chunk.length - at + 4096
  const size = batchSizeBytes(chunk, at)
  if (size < 61) throw coreError('SEGMENT_DAMAGED', { what: 'a batch has an impossible size', received: size })
  return size
}

function cutOff(path: string, position: number): Error {
  return coreError('SEGMENT_DAMAGED', { what: 'a segment ends inside a batch', where: `${path} at byte ${position}` })
}

/** The bytes of whole batches that end before the offset. */
function skipBefore(chunk: Buffer, offset: number): number {
  let at = 0
  while (at + 61 <= chunk.length && lastOffsetOf(chunk, at) < offset) {
    const size = batchBytesAt(chunk, at)
    if (at + size > chunk.length) break
    at += size
  }
  return at
}

function wholeBatches(chunk: Buffer, from: number): Buffer {
  let end = from
  while (end < chunk.length) {
    const size = batchBytesAt(chunk, end)
    if (end + size > chunk.length) break
    end += size
  }
  return chunk.subarray(from, end)
}

function segmentBases(disk: Disk, path: string): number[] {
  return disk
    .list(path)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .map((name) => Number(name.slice(0, 20)))
}

function removeSegment(disk: Disk, path: string, baseOffset: number): void {
  for (const suffix of ['log', 'index', 'timeindex', 'txnindex']) {
    const file = segmentPath(path, baseOffset, suffix)
    if (disk.stat(file) !== null) disk.remove(file)
  }
}

function cutTo(disk: Disk, path: string, mark: SegmentMark): void {
  cut(disk, segmentPath(path, mark.baseOffset, 'log'), mark.logBytes)
  cut(disk, segmentPath(path, mark.baseOffset, 'index'), mark.indexBytes)
  cut(disk, segmentPath(path, mark.baseOffset, 'timeindex'), mark.timeIndexBytes)
}

function cut(disk: Disk, path: string, sizeBytes: number): void {
  const found = disk.stat(path)?.sizeBytes ?? -1
  if (found < sizeBytes) {
    throw coreError('SEGMENT_DAMAGED', {
      what: 'a file is shorter than its checkpoint says',
      where: path,
      expected: sizeBytes,
      received: found,
    })
  }
  if (found > sizeBytes) disk.truncate(path, sizeBytes)
}

function unknownFolder(path: string): Error {
  return coreError('FOLDER_UNKNOWN', { what: 'a folder stands where a new partition would be written', where: path })
}

function partitionMetadata(topicId: TopicId): string {
  return `version: 0\ntopic_id: ${Buffer.from(topicId, 'hex').toString('base64url')}`
}

function epochCheckpoint(epochs: readonly EpochStart[]): string {
  return `0\n${epochs.length}\n${epochs.map(([epoch, start]) => `${epoch} ${start}\n`).join('')}`
}
