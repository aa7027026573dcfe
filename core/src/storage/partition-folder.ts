import type { Disk } from '../base/disk.ts'
import type { TopicId } from '../base/ids.ts'
import { baseOffsetOf, lastOffsetOf, maxTimestampOf } from '../record/batch-header.ts'
import { cutTo, removeSegment, segmentBases, takeFolder } from './folder-files.ts'
import { LeaderEpochs, type EpochStart } from './leader-epochs.ts'
import { finishSwaps, swapSegments } from './segment-swap.ts'
import type { OpenSegments } from './open-segments.ts'
import { Segment, segmentPath, type SegmentMark, type SegmentPlace } from './segment.ts'
import type { AbortedTransaction } from './transaction-index.ts'
import { TransactionIndexes, type TransactionIndexMark } from './transaction-indexes.ts'
import { TransactionReplay } from './transaction-replay.ts'

/**
 * The files of one partition: `<topic>-<partition>/` with its segments, as Kafka lays them out.
 *
 * Invariants
 *   G1  The folder is made at the first write: a partition that was never written costs nothing.
 *   G2  Only batches that the journal holds durably are written here, in offset order, by one writer.
 *   G3  What lies beyond the newest checkpoint's mark is nothing but a copy of the journal: opening cuts it off.
 *   G4  Every segment but the growing one is complete, synced by the checkpoint that follows its roll, and never written again.
 *       But for compaction, which puts one in the place of several; it ends where they ended.
 *   G5  A growing segment that is shorter than its mark is damaged: it stays as it is, the next batch begins a new one.
 */
export interface PartitionFolderOptions {
  readonly segmentBytes: number
  /** In time of the records, counted from the first batch of a segment. */
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
}

/** What a checkpoint records: recovery cuts the folder back to it. */
export interface FolderMark {
  readonly active: SegmentMark
  /** Epochs of the log and the offsets they start at: Kafka's leader epoch checkpoint. */
  readonly epochs: readonly EpochStart[]
  /** Of segments with aborted transactions. */
  readonly transactionIndexes?: readonly TransactionIndexMark[]
  /** The complete ones, when the mark was taken. What it says is used after a clean close only: it spares listing the folder. */
  readonly segments?: readonly SegmentSize[]
}

type SegmentSize = readonly [baseOffset: number, sizeBytes: number]

/** Where a folder is, and with whom it shares what may be open. */
export interface FolderPlace {
  readonly disk: Disk
  readonly path: string
  readonly topicId: TopicId
  readonly openSegments: OpenSegments
}

/** What else a checkpoint says of a folder. */
export interface FolderExtent {
  readonly startOffset: number
  readonly endOffset: number
  /** Nothing has happened since the mark was taken. */
  readonly isClean: boolean
}

/** A complete segment, and where the next one begins. */
export interface CompleteSegment {
  readonly segment: Segment
  readonly endOffset: number
}

export class PartitionFolder {
  readonly path: string
  readonly topicId: TopicId
  readonly disk: Disk
  private options: PartitionFolderOptions
  /** Ascending; the growing one is the last. */
  private readonly segments: Segment[] = []
  private growing: Segment | null = null
  private readonly openSegments: OpenSegments
  private epochs: LeaderEpochs
  private transactions: TransactionIndexes
  private readonly unsynced = new Set<Segment>()
  private namesUnsynced = false
  /** Counts how often segments were replaced. */
  private swaps = 0
  private end: number

  constructor({ disk, path, topicId, openSegments }: FolderPlace, options: PartitionFolderOptions, endOffset = 0) {
    this.disk = disk
    this.openSegments = openSegments
    this.end = endOffset
    this.path = path
    this.topicId = topicId
    this.options = options
    this.epochs = new LeaderEpochs(disk, path)
    this.transactions = new TransactionIndexes(disk, path)
  }

  /** Opens what a checkpoint recorded, and removes what lies before and beyond. */
  static open(
    place: FolderPlace,
    options: PartitionFolderOptions,
    mark: FolderMark,
    { startOffset, endOffset, isClean }: FolderExtent,
  ): PartitionFolder {
    const { disk, path } = place
    const folder = new PartitionFolder(place, options, endOffset)
    folder.epochs = new LeaderEpochs(disk, path, mark.epochs)
    folder.transactions = new TransactionIndexes(disk, path, mark.transactionIndexes)
    if (isClean && mark.segments !== undefined && sizeOf(disk, path, mark.active) === mark.active.logBytes) {
      folder.takeMarked(mark.active, mark.segments)
    } else folder.takeFound(mark.active)
    folder.removeBelow(startOffset)
    return folder
  }

  private takeMarked(active: SegmentMark, complete: readonly SegmentSize[]): void {
    for (const [base, sizeBytes] of complete) this.segments.push(Segment.complete(this.place(base), sizeBytes))
    this.growing = Segment.growing(this.place(active.baseOffset), active)
    this.segments.push(this.growing)
  }

  /** What stands in the folder, cut back to the mark. */
  private takeFound(active: SegmentMark): void {
    const { disk, path } = this
    finishSwaps(disk, path)
    for (const base of segmentBases(disk, path)) {
      if (base > active.baseOffset) removeSegment(disk, path, base)
      else if (base < active.baseOffset) this.segments.push(this.found(base))
    }
    const isWhole = cutTo(disk, path, active)
    if (isWhole) this.growing = Segment.growing(this.place(active.baseOffset), active)
    if (isWhole || active.logBytes > 0) this.segments.push(this.growing ?? this.found(active.baseOffset))
  }

  private found(baseOffset: number): Segment {
    return Segment.complete(this.place(baseOffset), sizeOf(this.disk, this.path, { baseOffset }))
  }

  private place(baseOffset: number): SegmentPlace {
    const { disk, path: folder, openSegments } = this
    return { disk, folder, baseOffset, indexIntervalBytes: this.options.indexIntervalBytes, openSegments }
  }

  configure(options: PartitionFolderOptions): void {
    this.options = options
  }

  get settings(): PartitionFolderOptions {
    return this.options
  }

  /** The next offset to be written here. */
  get endOffset(): number {
    return this.end
  }

  /**
   * Writes whole batches in offset order, rolling as they go. `aborted`: the transactions whose abort markers are among them. After
   * an error the part before it is kept. @throws FOLDER_UNKNOWN
   */
  async append(batches: readonly Uint8Array[], aborted: readonly AbortedTransaction[] = []): Promise<void> {
    let rest = batches
    while (rest.length > 0) {
      const segment = await this.segmentFor(rest[0]!)
      const count = this.fitting(segment, rest)
      if (aborted.length > 0) await this.transactions.load(segment.baseOffset, () => this.findAborted())
      this.unsynced.add(segment)
      await segment.append(rest.slice(0, count))
      for (let index = 0; index < count; index++) this.epochs.note(rest[index]!)
      const end = lastOffsetOf(rest[count - 1]!, 0) + 1
      for (const one of aborted)
        if (one.lastOffset >= this.end && one.lastOffset < end) this.transactions.add(segment.baseOffset, one)
      this.end = end
      rest = rest.slice(count)
    }
  }

  private async segmentFor(batch: Uint8Array): Promise<Segment> {
    const { growing } = this
    if (growing !== null && !this.isFull(growing, batch, fillOf(growing)) && this.entriesLeft(growing) > 0) return growing
    if (growing === null) await this.takeFolder()
    else await this.finish(growing)
    return this.begin(baseOffsetOf(batch, 0))
  }

  private async finish(segment: Segment): Promise<void> {
    await segment.saveIndexes(true)
    this.unsynced.add(segment)
  }

  private begin(baseOffset: number): Segment {
    const segment = Segment.create(this.place(baseOffset))
    this.unsynced.add(segment)
    this.growing = segment
    this.namesUnsynced = true
    this.segments.push(segment)
    return segment
  }

  private async takeFolder(): Promise<void> {
    await takeFolder(this.disk, this.path, this.topicId)
    const known = new Set(this.segments.map(({ baseOffset }) => baseOffset))
    for (const base of segmentBases(this.disk, this.path)) if (!known.has(base)) removeSegment(this.disk, this.path, base)
  }

  /** How many of the batches go into the segment: at least one. */
  private fitting(segment: Segment, batches: readonly Uint8Array[]): number {
    const fill = fillOf(segment)
    const most = Math.min(batches.length, Math.max(this.entriesLeft(segment), 1)) // a batch makes one entry or none
    let count = 0
    while (count < most && (count === 0 || !this.isFull(segment, batches[count]!, fill))) {
      const batch = batches[count++]!
      if (fill.sizeBytes === 0) fill.firstTimestamp = maxTimestampOf(batch, 0)
      fill.sizeBytes += batch.length
    }
    return count
  }

  private isFull({ baseOffset }: Segment, batch: Uint8Array, { sizeBytes, firstTimestamp }: Fill): boolean {
    if (sizeBytes === 0) return false
    return (
      sizeBytes + batch.length > this.options.segmentBytes ||
      baseOffsetOf(batch, 0) - baseOffset > 0x7fff0000 ||
      this.isOld(baseOffset, firstTimestamp, maxTimestampOf(batch, 0))
    )
  }

  /** As Kafka: the age of a segment is the time of its records, so that the same batches always give the same segments. */
  private isOld(baseOffset: number, firstTimestamp: number, timestamp: number): boolean {
    if (firstTimestamp < 0 || timestamp < 0) return false
    const { segmentMs, segmentJitterMs } = this.options
    return timestamp - firstTimestamp > segmentMs - jitterOf(baseOffset, Math.min(segmentJitterMs, segmentMs))
  }

  private entriesLeft(segment: Segment): number {
    return segment.entriesLeft(this.options.segmentIndexBytes)
  }

  /** Makes everything written so far durable and returns its mark; null when nothing was ever written. */
  async checkpoint(): Promise<FolderMark | null> {
    const { growing } = this
    if (growing === null) return null
    for (const segment of this.unsynced) {
      if (segment === growing && segment.lacksIndexEntries) await segment.saveIndexes(false)
      await segment.sync()
    }
    for (const segment of this.unsynced) if (segment !== growing) segment.complete()
    this.unsynced.clear()
    await this.saveSmallFiles()
    return {
      active: await growing.takeMark(),
      epochs: this.epochs.all,
      transactionIndexes: this.transactions.takeMarks(),
      segments: this.segments.flatMap((one): SegmentSize[] => (one === growing ? [] : [[one.baseOffset, one.sizeBytes]])),
    }
  }

  /** Epochs of what is written here. */
  get epochStarts(): readonly EpochStart[] {
    return this.epochs.all
  }

  private async saveSmallFiles(): Promise<void> {
    await this.epochs.save()
    await this.transactions.save()
    if (this.namesUnsynced) await this.disk.syncNames(this.path)
    this.namesUnsynced = false
  }

  /** Closes the growing segment and begins an empty one, so that the old one can go. The next checkpoint makes it durable. */
  async roll(): Promise<void> {
    const { growing } = this
    if (growing === null || growing.sizeBytes === 0) return
    await this.finish(growing)
    this.begin(this.end)
  }

  /** Of its segments, without their indexes. */
  get sizeBytes(): number {
    return this.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  /** The segments as retention looks at them, the growing one last. */
  async segmentSpans(): Promise<readonly SegmentSpan[]> {
    const spans: SegmentSpan[] = []
    const segments = [...this.segments]
    for (const [index, segment] of segments.entries()) {
      const { baseOffset, sizeBytes } = segment
      const endOffset = segments[index + 1]?.baseOffset ?? this.end
      spans.push({ baseOffset, endOffset, sizeBytes, maxTimestamp: await segment.maxTimestamp() })
    }
    return spans
  }

  /**
   * Removes the segments that end at or before the offset. Their names may come back with a crash: the start of the log must be
   * durable before, so that opening removes them again. @throws DiskError, after which the rest is left to the next time
   */
  removeBelow(startOffset: number): void {
    while (this.segments.length > 1 && this.segments[1]!.baseOffset <= startOffset) {
      const [segment] = this.segments as [Segment]
      segment.letGo()
      removeSegment(this.disk, this.path, segment.baseOffset)
      this.segments.shift()
      this.unsynced.delete(segment)
      this.transactions.forget(segment.baseOffset)
      this.namesUnsynced = true
    }
    this.epochs.forgetBelow(startOffset)
  }

  /** Ends the growing segment's indexes as Kafka does at a clean close. The next checkpoint makes it durable. */
  async finishIndexes(): Promise<void> {
    await this.growing?.saveIndexes(true)
  }

  /**
   * Whole batches from the one that holds `offset`, or the next one where compaction left none, as the files have them, at most
   * about `maxBytes` but at least one. What is there is not looked into: the caller compares offsets and checksums.
   */
  async read(offset: number, maxBytes: number): Promise<Buffer> {
    return this.whileSegmentsStay(() => {
      const segment = this.segmentOf(offset)
      if (segment === undefined) return Promise.resolve(Buffer.alloc(0))
      return segment.read(offset, maxBytes)
    })
  }

  /**
   * Reads again what was read while compaction replaced segments. Who reads in several steps that must fit together, as batches and
   * then what was aborted among them, does it inside.
   */
  async whileSegmentsStay<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      const { swaps } = this
      try {
        const result = await read()
        if (swaps === this.swaps) return result
      } catch (error) {
        if (swaps === this.swaps) throw error
      }
    }
  }

  /** The file that holds the offset, for messages. */
  pathOf(offset: number): string {
    return this.segmentOf(offset)?.path ?? segmentPath(this.path, offset, 'log')
  }

  private segmentOf(offset: number): Segment | undefined {
    return this.segments.findLast((segment) => segment.baseOffset <= offset)
  }

  /** An offset at or before the first record at or after that time. */
  async offsetBefore(timestamp: number): Promise<number | undefined> {
    return this.whileSegmentsStay(() => this.findOffsetBefore(timestamp))
  }

  private async findOffsetBefore(timestamp: number): Promise<number | undefined> {
    for (const segment of this.segments) {
      if (segment === this.segments.at(-1) || (await segment.maxTimestamp()) >= timestamp) return segment.offsetBefore(timestamp)
    }
    return undefined
  }

  /** Whether a transaction was ever aborted in what is written here. */
  get hasAborted(): boolean {
    return !this.transactions.isEmpty
  }

  /** The aborted transactions that may have records in `[from, to)`, in the order of their markers. */
  async abortedTransactions(from: number, to: number): Promise<readonly AbortedTransaction[]> {
    if (this.transactions.isEmpty) return []
    return this.transactions.find(from, to, this.segmentOf(from)?.baseOffset ?? 0, () => this.findAborted())
  }

  /** By reading everything: what makes transaction indexes that are missing or damaged again. */
  private findAborted(): Promise<readonly (readonly [number, AbortedTransaction])[]> {
    return this.whileSegmentsStay(() => this.replayAborted())
  }

  private async replayAborted(): Promise<readonly (readonly [number, AbortedTransaction])[]> {
    const replay = new TransactionReplay()
    const found: (readonly [number, AbortedTransaction])[] = []
    const segments = [...this.segments] // retention may take the first ones away meanwhile
    for (const segment of segments) {
      for await (const batch of segment.batches()) {
        const aborted = replay.add(batch)
        if (aborted !== null) found.push([segment.baseOffset, aborted])
      }
    }
    return found
  }

  /** What compaction may read and replace: segments that are durable as they are and never written again. Ascending. */
  completeSegments(): readonly CompleteSegment[] {
    return this.segments.slice(0, -1).flatMap((segment, index) => {
      return segment !== this.growing && !this.unsynced.has(segment)
        ? [{ segment, endOffset: this.segments[index + 1]!.baseOffset }]
        : []
    })
  }

  /** The greatest timestamp in it; -1 for none. */
  maxTimestampIn({ segment }: CompleteSegment): Promise<number> {
    return segment.maxTimestamp()
  }

  /**
   * Puts the cleaned files, whose log is durable and which are named after the first of the segments, in the place of all of them. `aborted`: what their
   * transaction index holds. False, and nothing changed, when the segments are no longer there. No checkpoint may run meanwhile.
   * @throws DiskError, and all is as before; SWAP_UNFINISHED: the partition must not be used until it is opened again
   */
  async replaceSegments(old: readonly Segment[], aborted: readonly AbortedTransaction[]): Promise<boolean> {
    let isDone = false
    const swap = old.reduceRight(
      (work, segment) => () => segment.onIndexFiles(work),
      () => {
        isDone = this.replaceNow(old, aborted)
        return Promise.resolve()
      },
    )
    await swap()
    return isDone
  }

  private replaceNow(old: readonly Segment[], aborted: readonly AbortedTransaction[]): boolean {
    const at = this.segments.indexOf(old[0]!)
    if (at < 0 || old.some((segment, index) => this.segments[at + index] !== segment)) return false
    const bases = old.map(({ baseOffset }) => baseOffset)
    swapSegments(this.disk, this.path, bases)
    this.swaps++
    this.segments.splice(at, old.length, this.found(bases[0]!))
    this.transactions.replace(bases, bases[0]!, aborted)
    for (const segment of old) segment.replaced()
    return true
  }

  /** Lets go of the files; reads that are under way still end. Nothing may be written any more. */
  close(): void {
    for (const segment of this.segments) segment.letGo()
  }
}

/** Of a log file; 0 where there is none. */
function sizeOf(disk: Disk, path: string, { baseOffset }: Pick<SegmentMark, 'baseOffset'>): number {
  return disk.stat(segmentPath(path, baseOffset, 'log'))?.sizeBytes ?? 0
}

/** A segment as retention looks at it. */
export interface SegmentSpan {
  readonly baseOffset: number
  /** Where the next one begins. */
  readonly endOffset: number
  readonly sizeBytes: number
  /** -1 for none. */
  readonly maxTimestamp: number
}

/** What a segment holds, or will hold. */
interface Fill {
  sizeBytes: number
  firstTimestamp: number
}

function fillOf({ sizeBytes, firstTimestamp }: Segment): Fill {
  return { sizeBytes, firstTimestamp }
}

/** Below `maxMs`, spread over the segments (Knuth's multiplicative hash), and the same after a restart. */
function jitterOf(baseOffset: number, maxMs: number): number {
  return Math.floor((((baseOffset * 2_654_435_761) % 2 ** 32) / 2 ** 32) * maxMs)
}
