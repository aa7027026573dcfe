import type { Clock } from '../base/clock.ts'
import { encodedRecords } from '../record/batch-reader.ts'
import { EncodedRecords } from '../record/encoded-records.ts'
import type { LastOfProducer } from './clean-batch.ts'
import { cleanGroup, groupSegments, wholeSegment, type Change, type CleaningRun, type ReadBatch } from './clean-segments.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import { OffsetMap } from './offset-map.ts'
import { Pace } from './pace.ts'
import type { CompleteSegment, PartitionFolder } from './partition-folder.ts'
import { removeUndecided } from './segment-swap.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/**
 * Compaction of one partition: of each key the latest record stays, as Kafka's cleaner does it.
 *
 *      start        cleanedTo                     map full   endOffset      growing
 *      ├── clean ───────┼───────── dirty ────────────┼───────────┼── ─ ─ ─────┤
 *                       └── 1 read into the map ─────┘
 *      └── 2 every segment written anew, in groups ──┘
 *
 * Invariants
 *   P1  Who reads from the start to the end builds the same table before, between and after: what is taken away stands again
 *       further on. So it may stop between two groups.
 *   P2  Nothing is touched that the newest checkpoint does not call complete, or that lies behind the last stable offset.
 *   P3  `beforeSwap` comes before any offset is missing.
 */
export interface CompactionOptions {
  /** Of the log. Segments below it are left to whoever removes them. */
  readonly startOffset: number
  /** Where the dirty part begins: what the last compaction gave as `endOffset`, 0 without one. */
  readonly cleanedTo: number
  /** What `dirtiness` gave as `firstUncleanable`. */
  readonly firstUncleanable: number
  /** What a `beforeSwap` was last given, 0 without one: above it every offset must be there. */
  readonly gapsBelow: number
  readonly deleteRetentionMs: number
  /** For the keys of the dirty part, 24 bytes each. When they do not fit it is cleaned as far as they do. */
  readonly mapBytes: number
  /** By producer id, those that may still write; as the log knows them now. */
  readonly producers: ReadonlyMap<number, LastOfProducer>
  /** All aborted transactions that may have records in `[from, to)`. */
  readonly abortedTransactions: (from: number, to: number) => Promise<readonly AbortedTransaction[]>
  /** Must make durable that offsets below it may be missing from now on. */
  readonly beforeSwap: (gapsBelow: number) => Promise<void>
  /** Runs work while no checkpoint, write or removal touches the folder. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>
  readonly isCancelled: () => boolean
}

export interface CompactionResult {
  /** Where the dirty part begins now. As before when it was cancelled. */
  readonly endOffset: number
  readonly cancelled: boolean
  readonly segments: Change
  readonly records: Change
  readonly bytes: Change
  /** Keys of the dirty part. */
  readonly keys: number
}

/**
 * One compaction at a time per folder.
 * @throws SEGMENT_DAMAGED, CORRUPT_BATCH, CONTENT_TOO_LARGE: it cannot be compacted, reading is as before; DiskError, the same;
 * SWAP_UNFINISHED: nothing may use the folder until it is opened again
 */
export async function compactFolder(
  folder: PartitionFolder,
  clock: Clock,
  options: CompactionOptions,
): Promise<CompactionResult> {
  removeUndecided(folder.disk, folder.path)
  try {
    return await new Compaction(folder, clock, options).run()
  } finally {
    removeUndecided(folder.disk, folder.path)
  }
}

class Compaction {
  private readonly folder: PartitionFolder
  private readonly options: CompactionOptions
  private map: OffsetMap
  private readonly pace: Pace
  private readonly now: number
  private readonly total = { segments: { before: 0, after: 0 }, records: { before: 0, after: 0 }, bytes: { before: 0, after: 0 } }
  private gapsTold = false

  constructor(folder: PartitionFolder, clock: Clock, options: CompactionOptions) {
    this.folder = folder
    this.options = options
    this.map = OffsetMap.forKeys(0, options.mapBytes)
    this.pace = new Pace(clock)
    this.now = clock.now()
  }

  async run(): Promise<CompactionResult> {
    const { startOffset, firstUncleanable } = this.options
    const all = this.folder.completeSegments()
    const segments = all.filter(({ endOffset }) => endOffset > startOffset && endOffset <= firstUncleanable)
    if (segments.length === 0) return this.result(this.options.cleanedTo, false)
    if (!(await this.readDirty(segments))) return this.result(this.options.cleanedTo, true)
    const end = this.map.latestOffset + 1
    const isDone = await this.cleanAll(segments.filter(({ segment }) => segment.baseOffset < end))
    return this.result(isDone ? end : this.options.cleanedTo, !isDone)
  }

  /** Puts the keys of the dirty part into the map. False when it was cancelled. */
  private async readDirty(segments: readonly CompleteSegment[]): Promise<boolean> {
    const { cleanedTo, gapsBelow, abortedTransactions, isCancelled } = this.options
    const from = Math.max(cleanedTo, segments[0]!.segment.baseOffset)
    this.map = OffsetMap.forKeys(segments.at(-1)!.endOffset - from, this.options.mapBytes)
    this.map.reach(from - 1)
    const transactions = new CleanedTransactions(await abortedTransactions(from, segments.at(-1)!.endOffset))
    for (const one of segments) {
      if (one.endOffset <= from) continue
      for await (const batch of wholeSegment(this.folder.disk, one, gapsBelow)) {
        if (!(await this.readBatch(batch, transactions, from))) return true
        if (this.pace.isDue(batch.bytes.length)) await this.pace.turn()
        if (isCancelled()) return false
      }
    }
    return true
  }

  /** False when the map is full. */
  private async readBatch(batch: ReadBatch, transactions: CleanedTransactions, from: number): Promise<boolean> {
    const { bytes, header, lastOffset } = batch
    if (header.control) transactions.onMarker(header, bytes)
    else if (!transactions.onBatch(header) && lastOffset >= from && !(await this.readRecords(batch, from))) return false
    if (lastOffset >= from) this.map.reach(lastOffset)
    return true
  }

  /** False when the map is full. */
  private async readRecords({ bytes, header }: ReadBatch, from: number): Promise<boolean> {
    const records = new EncodedRecords(encodedRecords(bytes, header), header)
    while (records.next()) {
      if (this.pace.isDue(0)) await this.pace.turn()
      const offset = header.baseOffset + records.offsetDelta
      if (records.key === null || offset < from) continue
      if (this.map.isFull) return false
      this.map.put(records.key, offset)
      this.map.reach(offset)
    }
    return true
  }

  /** False when it was cancelled. */
  private async cleanAll(segments: readonly CompleteSegment[]): Promise<boolean> {
    if (segments.length === 0) return true
    const { folder, map, now, pace } = this
    const { abortedTransactions, deleteRetentionMs, gapsBelow, isCancelled, producers } = this.options
    const [first, end] = [segments[0]!.segment.baseOffset, segments.at(-1)!.endOffset]
    const transactions = new CleanedTransactions(await abortedTransactions(first, end))
    const { disk, path, settings } = folder
    const { indexIntervalBytes } = settings
    const rules = { map, transactions, producers, now, deleteRetentionMs, pace }
    const run = { disk, folder: path, indexIntervalBytes, rules, gapsBelow, isCancelled }
    for (const group of groupSegments(disk, path, segments, settings)) if (!(await this.cleanOne(run, group, end))) return false
    return true
  }

  private async cleanOne(run: CleaningRun, group: readonly CompleteSegment[], end: number): Promise<boolean> {
    const { outcome, aborted, records, bytes } = await cleanGroup(run, group)
    if (outcome === 'cancelled' || this.options.isCancelled()) return false
    if (outcome === 'written' && !(await this.swap(group, aborted, end))) return false
    this.count('records', records)
    this.count('bytes', bytes)
    this.count('segments', { before: group.length, after: 1 })
    return true
  }

  /** False when the segments are gone, as those that retention has removed. */
  private async swap(group: readonly CompleteSegment[], aborted: readonly AbortedTransaction[], end: number): Promise<boolean> {
    if (!this.gapsTold) await this.options.beforeSwap(Math.max(end, this.options.gapsBelow))
    this.gapsTold = true
    const old = group.map(({ segment }) => segment)
    return this.options.exclusively(() => this.folder.replaceSegments(old, aborted))
  }

  private count(what: 'segments' | 'records' | 'bytes', { before, after }: Change): void {
    this.total[what].before += before
    this.total[what].after += after
  }

  private result(endOffset: number, cancelled: boolean): CompactionResult {
    return { endOffset, cancelled, ...this.total, keys: this.map.size }
  }
}
