import { DiskError } from '../base/disk.ts'
import { coreError } from '../base/error-catalogue.ts'
import { MillraceError } from '../base/errors.ts'
import type { TopicId } from '../base/ids.ts'
import { checkBatch } from '../record/batch-validation.ts'
import { leaderEpochOf, readBatchHeader, stampBatch, type BatchHeader } from '../record/batch-header.ts'
import { endOfEpoch, type EpochEnd } from '../storage/leader-epochs.ts'
import type { PartitionFolder } from '../storage/partition-folder.ts'
import type { AbortedTransaction } from '../storage/transaction-index.ts'
import type { BatchOrigin, ProducerStates } from './producer-states.ts'
import { Tail, type TailBatch } from './tail.ts'

/**
 * One partition: offsets, watermarks, producers, and the way from memory to its folder.
 *
 *      startOffset ≤ lastStableOffset ≤ highWatermark ≤ endOffset,   folder.endOffset ≤ highWatermark
 *
 * Invariants
 *   L1  `stage` assigns offsets; nobody sees a record before `advance` says that the journal holds it durably: the high
 *       watermark is the durable offset.
 *   L2  Two states of the producers: `appended` decides about what is staged, `durable` is what a crash would leave. A round
 *       that failed sets the first back to the second.
 *   L3  Watermarks never fall.
 */
/** Fenced: a segment could not be written; condemned: its files cannot be opened, or its topic is gone. */
type Condition =
  | { readonly kind: 'open' }
  | { readonly kind: 'fenced'; readonly error: MillraceError }
  | { readonly kind: 'condemned'; readonly error: MillraceError }

export type Staged =
  | { readonly kind: 'staged'; readonly batch: TailBatch }
  | { readonly kind: 'duplicate'; readonly baseOffset: number }

const recovered: BatchOrigin = { recovered: true }

export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: TopicId
  /** The 16 bytes of the topic id, as the journal writes them. */
  readonly topicIdBytes: Uint8Array
  readonly folder: PartitionFolder
  readonly tail: Tail = new Tail()
  /** Compaction may have taken away offsets below it: a gap there is no damage. */
  gapsBelow = 0
  /** Where the part begins that compaction has not seen. */
  cleanedTo = 0
  private start: number
  /** Where it will start once a checkpoint says so. */
  private wanted: number
  private end: number
  private watermark: number
  private stable: number
  private appended: ProducerStates
  private durable: ProducerStates
  /** Those whose markers the folder does not hold yet. */
  private recentlyAborted: AbortedTransaction[] = []
  private readonly waiting = new Set<() => void>()
  private condition: Condition = { kind: 'open' }
  private expired: boolean

  constructor(
    topic: string,
    partition: number,
    topicId: TopicId,
    folder: PartitionFolder,
    startOffset: number,
    producers: ProducerStates,
    expired: boolean,
  ) {
    this.topic = topic
    this.partition = partition
    this.topicId = topicId
    this.topicIdBytes = Buffer.from(topicId, 'hex')
    this.folder = folder
    this.expired = expired
    this.start = startOffset
    this.wanted = startOffset
    this.end = folder.endOffset
    this.watermark = folder.endOffset
    this.durable = producers
    this.appended = producers.copy()
    this.stable = producers.firstUnstableOffset ?? this.watermark
  }

  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  /** The first offset that can be read. */
  get startOffset(): number {
    return this.start
  }

  /** What the next checkpoint records as the start. */
  get wantedStart(): number {
    return this.wanted
  }

  /** Asks for a later start: at a checkpoint it becomes durable, then visible. */
  wantStart(offset: number): void {
    this.wanted = Math.max(this.wanted, Math.min(offset, this.stable))
  }

  /** Whether producers may have been forgotten: records are gone, or producers expired. */
  get forgets(): boolean {
    return this.start > 0 || this.expired
  }

  /** Forgets producers that were idle for so long, by the wall clock. Returns whether there were any. */
  expireProducers(now: number, expirationMs: number): boolean {
    const gone = this.durable.expire(now, expirationMs)
    this.appended.expire(now, expirationMs)
    this.expired ||= gone > 0
    return gone > 0
  }

  /** A durable checkpoint says that the log starts there: readers see it, and what lies wholly before is removed. */
  advanceStart(offset: number): void {
    if (offset <= this.start) return
    this.start = offset
    this.folder.removeBelow(offset)
  }

  get endOffset(): number {
    return this.end
  }

  get highWatermark(): number {
    return this.watermark
  }

  get lastStableOffset(): number {
    return this.stable
  }

  /** Of its batches, in segments or still in the journal alone. */
  get sizeBytes(): number {
    const recent = this.tail.slice(this.folder.endOffset, this.watermark)
    return recent.reduce((sum, { bytes }) => sum + bytes.length, this.folder.sizeBytes)
  }

  get producers(): ProducerStates {
    return this.durable
  }

  /** Why the partition takes nothing more; null while it does. */
  get failed(): MillraceError | null {
    return this.condition.kind === 'open' ? null : this.condition.error
  }

  get isReadable(): boolean {
    return this.condition.kind !== 'condemned'
  }

  /** It takes nothing more; what it has stays readable. */
  fence(error: MillraceError): void {
    if (this.condition.kind === 'open') this.condition = { kind: 'fenced', error }
  }

  /** It can neither be written nor read. */
  condemn(error: MillraceError): void {
    this.condition = { kind: 'condemned', error }
    this.wake()
  }

  /**
   * Gives the batch its offset and the log's epoch, in place. From here on it must go to the journal.
   * @throws PARTITION_FENCED, PRODUCER_FENCED, OUT_OF_ORDER_SEQUENCE, DUPLICATE_DIFFERS; the partition is then as before.
   */
  stage(bytes: Uint8Array, epoch: number, receivedCrc?: number): Staged {
    if (this.condition.kind !== 'open') throw this.condition.error
    const verdict = this.appended.check(readBatchHeader(bytes, 0), this.name, this.forgets, receivedCrc)
    if (verdict.kind === 'duplicate') return verdict
    stampBatch(bytes, 0, this.end, epoch)
    const header = readBatchHeader(bytes, 0)
    this.appended.apply(header, bytes, { receivedCrc })
    const batch = { bytes, baseOffset: this.end, nextOffset: this.end + header.lastOffsetDelta + 1, receivedCrc }
    this.end = batch.nextOffset
    this.tail.push(batch)
    return { kind: 'staged', batch }
  }

  /** The sequence with which the producer's next batch has to begin, after all that is staged. */
  nextSequence(producerId: number, producerEpoch: number): number {
    return this.appended.nextSequence(producerId, producerEpoch)
  }

  /** The journal holds the batch: readers may see it. */
  advance(batch: TailBatch): void {
    this.makeVisible(batch, { receivedCrc: batch.receivedCrc })
  }

  private makeVisible(batch: TailBatch, origin: BatchOrigin): void {
    this.watermark = batch.nextOffset
    const header = readBatchHeader(batch.bytes, 0)
    const aborted = this.durable.apply(header, batch.bytes, origin)
    if (aborted !== null) this.recentlyAborted.push(aborted)
    this.stable = this.durable.firstUnstableOffset ?? this.watermark
  }

  /** Recovery: a batch that the journal holds and the folder may hold already. */
  replay(bytes: Uint8Array): TailBatch | null {
    const header = readBatchHeader(bytes, 0)
    if (header.baseOffset < this.watermark) return null
    if (header.baseOffset !== this.watermark) {
      throw coreError('JOURNAL_DAMAGED', {
        what: 'the journal leaves out offsets',
        where: this.name,
        expected: this.watermark,
        received: header.baseOffset,
      })
    }
    const batch = { bytes, baseOffset: header.baseOffset, nextOffset: header.baseOffset + header.lastOffsetDelta + 1 }
    this.appended.apply(header, bytes, recovered)
    this.end = batch.nextOffset
    this.tail.push(batch)
    this.makeVisible(batch, recovered)
    return batch
  }

  /** A round failed: everything staged and not durable is forgotten. */
  rollBack(): void {
    this.tail.truncate(this.watermark)
    this.end = this.watermark
    this.appended = this.durable.copy()
  }

  /** Calls back once, when the high watermark or the last stable offset has moved. Returns the way to stop waiting. */
  onAdvance(wake: () => void): () => void {
    this.waiting.add(wake)
    return () => this.waiting.delete(wake)
  }

  wake(): void {
    if (this.waiting.size === 0) return
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const wake of waiting) wake()
  }

  /**
   * Whole batches from the one that holds `offset`, below `limit` (a watermark): at least one if there is one, then while
   * they fit into `maxBytes`. @throws OFFSET_OUT_OF_RANGE, SEGMENT_DAMAGED, READ_FAILED, and why the partition was condemned
   */
  async read(offset: number, limit: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    if (this.condition.kind === 'condemned') throw this.condition.error
    this.checkRange(offset)
    if (offset >= limit) return []
    const first = this.tail.firstOffset
    if (first !== undefined && offset >= first) return this.tail.read(offset, limit, maxBytes).map((batch) => batch.bytes)
    return this.readFolder(offset, limit, maxBytes)
  }

  private checkRange(offset: number): void {
    if (offset >= this.startOffset && offset <= this.watermark) return
    throw coreError('OFFSET_OUT_OF_RANGE', {
      what: 'the offset is not in the log',
      where: this.name,
      expected: `${this.startOffset} to ${this.watermark}`,
      received: offset,
    })
  }

  /** What is good before the first damage; the damage itself is an error for whoever asks for it. */
  private async readFolder(offset: number, limit: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    const bytes = await this.fromDisk(offset, () => this.folder.read(offset, maxBytes))
    const batches: Uint8Array[] = []
    let next = offset
    for (let at = 0; at < bytes.length;) {
      const header = this.batchAt(bytes, at, next)
      if (header instanceof MillraceError) {
        if (batches.length > 0) return batches
        throw header
      }
      if (header.baseOffset >= limit) break
      batches.push(bytes.subarray(at, at + header.sizeBytes))
      at += header.sizeBytes
      next = header.baseOffset + header.lastOffsetDelta + 1
    }
    if (batches.length > 0) return batches
    throw this.damaged(offset, 'the segments lack an offset that was written')
  }

  /** Writes batches of the tail to the folder, with what belongs to them. What an error left there is kept. */
  async writeFolder(batches: readonly Uint8Array[]): Promise<void> {
    try {
      await this.folder.append(batches, this.recentlyAborted)
    } finally {
      const end = this.folder.endOffset
      if (this.recentlyAborted.length > 0)
        this.recentlyAborted = this.recentlyAborted.filter(({ lastOffset }) => lastOffset >= end)
    }
  }

  /** Does again what compaction has overtaken: reading batches and then asking what was aborted among them is one work. */
  whileSegmentsStay<T>(work: () => Promise<T>): Promise<T> {
    return this.folder.whileSegmentsStay(work)
  }

  /** Whether a transaction was ever aborted here, as far as is known without reading. */
  get hasAborted(): boolean {
    return this.recentlyAborted.length > 0 || this.folder.hasAborted
  }

  /** The aborted transactions that may have records in `[from, to)`, in the order of their markers. @throws READ_FAILED */
  async abortedTransactions(from: number, to: number): Promise<readonly AbortedTransaction[]> {
    const recent = this.recentlyAborted.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < to)
    const older = await this.fromDisk(from, () => this.folder.abortedTransactions(from, to))
    const last = older.at(-1)?.lastOffset ?? -1
    return [...older, ...recent.filter(({ lastOffset }) => lastOffset > last)]
  }

  /**
   * Where the records of an epoch of the log end, as far as they are durable; null for an epoch that is still to come. `current` is
   * the log's own, which began where nothing was written in it yet.
   */
  endOfEpoch(epoch: number, current: number): EpochEnd | null {
    const starts = [...this.folder.epochStarts]
    const note = (found: number, start: number): void => {
      if (found > (starts.at(-1)?.[0] ?? -1)) starts.push([found, start])
    }
    for (const { bytes, baseOffset } of this.tail.slice(this.folder.endOffset, this.watermark))
      note(leaderEpochOf(bytes, 0), baseOffset)
    note(current, this.watermark)
    return endOfEpoch(starts, epoch, this.watermark)
  }

  /** An offset at or before the first record at or after that time, from the folder; undefined where it has none. @throws READ_FAILED */
  async offsetBefore(timestamp: number): Promise<number | undefined> {
    if (this.condition.kind === 'condemned') throw this.condition.error
    return this.fromDisk(this.startOffset, () => this.folder.offsetBefore(timestamp))
  }

  /** What an error of the disk means to somebody who reads from that offset on. */
  private async fromDisk<T>(offset: number, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      this.checkRange(offset) // what was removed meanwhile is not damaged
      if (isImpossible(cause)) throw this.damaged(offset, 'a batch on disk has an impossible header', cause)
      if (!(cause instanceof DiskError)) throw cause
      if (cause.code === 'ENOENT') throw this.damaged(offset, 'a file of the segment is missing', cause)
      throw coreError('READ_FAILED', {
        what: 'a segment cannot be read',
        where: `${this.name} at offset ${offset}, ${cause.path}`,
        cause,
      })
    }
  }

  /**
   * The header of an intact batch that holds `offset` and, behind another one, begins with it; or of the next one, where compaction
   * may have left offsets out; otherwise what is wrong.
   */
  private batchAt(bytes: Buffer, at: number, offset: number): BatchHeader | MillraceError {
    try {
      const header = checkBatch(bytes, at, bytes.length)
      const last = header.baseOffset + header.lastOffsetDelta
      if (at === 0 ? header.baseOffset <= offset && offset <= last : header.baseOffset === offset) return header
      if (header.baseOffset > offset && header.baseOffset <= this.gapsBelow) return header
      return this.damaged(offset, `a batch of offsets ${header.baseOffset} to ${last} stands in place of another`)
    } catch (cause) {
      return this.damaged(offset, 'a batch on disk is damaged', cause)
    }
  }

  private damaged(offset: number, what: string, cause?: unknown): MillraceError {
    return coreError('SEGMENT_DAMAGED', { what, where: `${this.name} at offset ${offset}, ${this.folder.pathOf(offset)}`, cause })
  }
}

/** A header that was read on the way to the offset, before any checksum could tell that it is damaged. */
function isImpossible(cause: unknown): boolean {
  return cause instanceof MillraceError && (cause.code === 'NUMBER_OUT_OF_RANGE' || cause.code === 'CORRUPT_BATCH')
}
