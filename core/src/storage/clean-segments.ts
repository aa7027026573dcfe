import type { Disk } from '../base/disk.ts'
import { coreError } from '../base/error-catalogue.ts'
import { countOf, type BatchHeader } from '../record/batch-header.ts'
import { checkBatch } from '../record/batch-validation.ts'
import { cleanBatch, type CleaningRules } from './clean-batch.ts'
import { CleanedSegment } from './cleaned-segment.ts'
import type { CompleteSegment } from './partition-folder.ts'
import { segmentBatches } from './segment-batches.ts'
import { removeUndecided } from './segment-swap.ts'
import { segmentPath } from './segment.ts'
import type { AbortedTransaction } from './transaction-index.ts'

/**
 * Reads segments for compaction, and writes groups of them anew.
 *
 * Invariants
 *   K1  A segment is taken only if it is whole: all batches intact, and an end where the next segment begins. Above `gapsBelow` no
 *       offset may be missing either. Otherwise compaction would make what is lost look like what it took away itself.
 *   K2  What is written covers the offsets that were read, to the last.
 */
export interface SegmentGroupLimits {
  readonly segmentBytes: number
  readonly segmentIndexBytes: number
}

const chunkBytes = 256 << 10
/** Offsets in indexes are relative, in 31 bits. */
const longestRange = 0x7fff_0000

/** Neighbours that fit together into one segment, as long as they are now. */
export function groupSegments(
  disk: Disk,
  folder: string,
  segments: readonly CompleteSegment[],
  limits: SegmentGroupLimits,
): readonly (readonly CompleteSegment[])[] {
  const groups: CompleteSegment[][] = []
  let [sizeBytes, indexBytes] = [0, 0]
  for (const one of segments) {
    const { baseOffset } = one.segment
    const group = groups.at(-1)
    const ownIndexBytes = Math.max(...['index', 'timeindex'].map((name) => sizeOf(disk, segmentPath(folder, baseOffset, name))))
    sizeBytes += one.segment.sizeBytes
    indexBytes += ownIndexBytes
    const fits = sizeBytes <= limits.segmentBytes && indexBytes <= limits.segmentIndexBytes
    if (group !== undefined && fits && one.endOffset - group[0]!.segment.baseOffset <= longestRange) group.push(one)
    else {
      groups.push([one])
      sizeBytes = one.segment.sizeBytes
      indexBytes = ownIndexBytes
    }
  }
  return groups
}

function sizeOf(disk: Disk, path: string): number {
  return disk.stat(path)?.sizeBytes ?? 0
}

/** A batch that was checked. */
export interface ReadBatch {
  readonly bytes: Uint8Array
  readonly header: BatchHeader
  readonly lastOffset: number
}

/** The batches of a segment, from its own view of the file. @throws SEGMENT_DAMAGED, DiskError */
export async function* wholeSegment(
  disk: Disk,
  { segment: { path, baseOffset, sizeBytes }, endOffset }: CompleteSegment,
  gapsBelow: number,
): AsyncGenerator<ReadBatch> {
  const file = disk.open(path)
  let next = baseOffset
  try {
    for await (const { position, bytes } of segmentBatches(file, sizeBytes, 0, chunkBytes)) {
      const header = checked(bytes, `${path}, byte ${position}`)
      const isNext = header.baseOffset === next || (header.baseOffset > next && header.baseOffset <= gapsBelow)
      if (!isNext) throw damaged('a batch stands in place of another', path, next, header.baseOffset)
      next = header.baseOffset + header.lastOffsetDelta + 1
      yield { bytes, header, lastOffset: next - 1 }
    }
    if (next !== endOffset) throw damaged('a segment does not end where the next one begins', path, endOffset, next)
  } finally {
    file.close()
  }
}

function checked(bytes: Uint8Array, where: string): BatchHeader {
  try {
    return checkBatch(bytes, 0, bytes.length)
  } catch (cause) {
    throw coreError('SEGMENT_DAMAGED', { what: 'a batch on disk is damaged', where, cause })
  }
}

function damaged(what: string, where: string, expected: number, received: number): Error {
  return coreError('SEGMENT_DAMAGED', { what, where, expected: `offset ${expected}`, received: `offset ${received}` })
}

/** How compaction goes through the segments. */
export interface CleaningRun {
  readonly disk: Disk
  readonly folder: string
  readonly indexIntervalBytes: number
  readonly rules: CleaningRules
  /** Below it offsets may be missing already. */
  readonly gapsBelow: number
  /** Asked between batches: the work is thrown away. */
  readonly isCancelled: () => boolean
}

export interface CleanedGroup {
  /** `same`: not a byte would change, or it stays as it is because it would become too large. */
  readonly outcome: 'written' | 'same' | 'cancelled'
  /** What the transaction index of the cleaned segment holds. */
  readonly aborted: readonly AbortedTransaction[]
  readonly records: Change
  readonly bytes: Change
}

export interface Change {
  readonly before: number
  readonly after: number
}

/** Writes the group's batches to `.cleaned` files, the log durable. @throws SEGMENT_DAMAGED, CORRUPT_BATCH, DiskError */
export async function cleanGroup(run: CleaningRun, group: readonly CompleteSegment[]): Promise<CleanedGroup> {
  const cleaned = new CleanedSegment(run.disk, run.folder, group[0]!.segment.baseOffset, run.indexIntervalBytes)
  let isWritten = false
  try {
    const result = await new GroupCleaning(run, group, cleaned).run()
    isWritten = result.outcome === 'written'
    return result
  } finally {
    cleaned.close()
    if (!isWritten) removeUndecided(run.disk, run.folder)
  }
}

class GroupCleaning {
  private readonly context: CleaningRun
  private readonly group: readonly CompleteSegment[]
  private readonly cleaned: CleanedSegment
  private readonly records = { before: 0, after: 0 }
  private readonly bytes = { before: 0, after: 0 }
  private isSame = true
  /** It became too large for its indexes, which a horizon in each batch may bring about. */
  private isTooLarge = false

  constructor(context: CleaningRun, group: readonly CompleteSegment[], cleaned: CleanedSegment) {
    this.context = context
    this.group = group
    this.cleaned = cleaned
  }

  async run(): Promise<CleanedGroup> {
    const { disk, gapsBelow, isCancelled, rules } = this.context
    for (const one of this.group) {
      for await (const batch of wholeSegment(disk, one, gapsBelow)) {
        await this.take(batch)
        if (rules.pace.isDue(batch.bytes.length)) await rules.pace.turn()
        if (isCancelled()) return this.result('cancelled', [])
      }
    }
    const aborted = rules.transactions.takeRemaining()
    if (this.isTooLarge || (this.isSame && this.group.length === 1)) return this.result('same', [])
    await this.cleaned.finish(aborted)
    return this.result('written', aborted)
  }

  /** Goes by the rules for every batch, even where nothing is written any more: they follow the transactions. */
  private async take({ bytes, header, lastOffset }: ReadBatch): Promise<void> {
    const kept = await cleanBatch(bytes, lastOffset + 1 === this.group.at(-1)!.endOffset, this.context.rules)
    this.isSame &&= kept === bytes
    this.records.before += header.count
    this.bytes.before += bytes.length
    if (kept === null) return
    this.isTooLarge ||= !this.cleaned.hasRoomFor(kept)
    if (this.isTooLarge) return
    this.records.after += countOf(kept, 0)
    this.bytes.after += kept.length
    await this.cleaned.add(kept)
  }

  private result(outcome: CleanedGroup['outcome'], aborted: readonly AbortedTransaction[]): CleanedGroup {
    const { records, bytes } = this
    if (outcome === 'written') return { outcome, aborted, records, bytes }
    const [recordsBefore, bytesBefore] = [records.before, bytes.before]
    return {
      outcome,
      aborted,
      records: { before: recordsBefore, after: recordsBefore },
      bytes: { before: bytesBefore, after: bytesBefore },
    }
  }
}
