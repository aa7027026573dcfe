import { maxTimestampOf } from '../record/batch-header.ts'
import type { CompleteSegment, PartitionFolder } from './partition-folder.ts'

/** What a topic's settings of these names say, as numbers. */
export interface DirtinessConfig {
  readonly minCleanableDirtyRatio: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
}

/** How far compaction may go. */
export interface CleanableRange {
  /** Of the log. */
  readonly startOffset: number
  /** What the last compaction gave as `endOffset`, 0 without one. */
  readonly cleanedTo: number
  readonly lastStableOffset: number
  /** Where the growing segment began in the newest checkpoint that is durable: an open cuts off what lies behind it. */
  readonly checkpointedOffset: number
}

export interface Dirtiness {
  readonly cleanBytes: number
  readonly dirtyBytes: number
  readonly firstUncleanable: number
  /** Something in the dirty part is older than `max.compaction.lag.ms`. */
  readonly mustClean: boolean
  /** Whether to compact now. */
  readonly isDue: boolean
}

/**
 * How much of the folder compaction could work on. Whole segments count: neither the one that grows, nor one with an open
 * transaction in or before it, nor what `min.compaction.lag.ms` protects, by the latest time of a segment's records.
 */
export async function dirtiness(
  folder: PartitionFolder,
  range: CleanableRange,
  now: number,
  config: DirtinessConfig,
): Promise<Dirtiness> {
  const segments = folder.completeSegments().filter(({ endOffset }) => endOffset > range.startOffset)
  const latestTime = config.minCompactionLagMs > 0 ? now - config.minCompactionLagMs : Infinity
  const dirty = await cleanable(folder, segments, range, latestTime)
  const firstUncleanable = dirty.at(-1)?.endOffset ?? range.cleanedTo
  const dirtyBytes = bytesOf(dirty)
  const cleanBytes = bytesOf(segments.filter(({ endOffset }) => endOffset <= range.cleanedTo))
  const mustClean = await hasOlder(folder, dirty, now - config.maxCompactionLagMs)
  const isOverRatio = dirtyBytes > (cleanBytes + dirtyBytes) * config.minCleanableDirtyRatio
  return { cleanBytes, dirtyBytes, firstUncleanable, mustClean, isDue: mustClean || isOverRatio }
}

/** The segments of the dirty part that may be compacted: one that may not protects those behind it. */
async function cleanable(
  folder: PartitionFolder,
  segments: readonly CompleteSegment[],
  { cleanedTo, lastStableOffset, checkpointedOffset }: CleanableRange,
  latestTime: number,
): Promise<readonly CompleteSegment[]> {
  const found: CompleteSegment[] = []
  for (const one of segments) {
    if (one.endOffset > Math.min(lastStableOffset, checkpointedOffset)) break
    if (one.endOffset <= cleanedTo) continue
    if (latestTime < Infinity && (await folder.maxTimestampIn(one)) > latestTime) break
    found.push(one)
  }
  return found
}

/** Whether a segment's first batch is from before that time. */
async function hasOlder(folder: PartitionFolder, segments: readonly CompleteSegment[], time: number): Promise<boolean> {
  if (time < 0) return false
  for (const { segment } of segments) {
    const batch = await folder.read(segment.baseOffset, 1)
    const timestamp = batch.length === 0 ? -1 : maxTimestampOf(batch, 0)
    if (timestamp >= 0 && timestamp < time) return true
  }
  return false
}

function bytesOf(segments: readonly CompleteSegment[]): number {
  return segments.reduce((sum, { segment }) => sum + segment.sizeBytes, 0)
}
