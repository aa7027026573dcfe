import type { SegmentSpan } from '../storage/partition-folder.ts'
import type { PartitionLog } from './partition-log.ts'
import type { WriteBehind } from './write-behind.ts'

export interface RetentionRule {
  /** Infinity: no limit. */
  readonly retentionMs: number
  readonly retentionBytes: number
}

/**
 * Where the log starts once what is too old or too much is gone, as Kafka decides: whole segments from the front, by the greatest
 * timestamp of each, and while what would be left is still enough. A segment that ends beyond `limit` stays. One without any time
 * (its records have none, or compaction has left none) goes with the next one that has.
 */
function retainedFrom(
  segments: readonly SegmentSpan[],
  { retentionMs, retentionBytes }: RetentionRule,
  now: number,
  limit: number,
): number {
  let excess = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - retentionBytes
  let start = segments[0]?.baseOffset ?? 0
  for (const { endOffset, sizeBytes, maxTimestamp } of segments) {
    const isOld = maxTimestamp >= 0 && now - maxTimestamp > retentionMs
    if (endOffset > limit || sizeBytes === 0) return start
    if (isOld || excess >= sizeBytes) start = endOffset
    else if (maxTimestamp >= 0) return start
    excess -= sizeBytes
  }
  return start
}

/** Applies the rule to one partition; runs inside `WriteBehind.run`. Returns where it is to start, null when it stays as it is. */
export async function planRetention(
  log: PartitionLog,
  rule: RetentionRule,
  now: number,
  writeBehind: WriteBehind,
): Promise<number | null> {
  if (log.failed !== null) return null
  await writeBehind.flush(log, log.highWatermark)
  const segments = await log.folder.segmentSpans()
  const start = retainedFrom(segments, rule, now, log.lastStableOffset)
  if (start <= log.startOffset) return null
  if (start === segments.at(-1)!.endOffset) await log.folder.roll() // what grows goes as well
  return start
}
