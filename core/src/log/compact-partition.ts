import type { World } from '../base/world.ts'
import { compactFolder, type CompactionResult } from '../storage/compaction.ts'
import { dirtiness, type DirtinessConfig } from '../storage/dirtiness.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { PartitionLog } from './partition-log.ts'
import type { WriteBehind } from './write-behind.ts'

/** What a topic's settings say about compaction, and how much memory it may take. */
export interface CompactionRule extends DirtinessConfig {
  readonly deleteRetentionMs: number
  /** For the keys: 24 bytes each. What does not fit is left to the next pass. */
  readonly mapBytes: number
}

/**
 * Compacts one partition when enough of it is dirty. Null when nothing was done.
 *
 * Two places are durable before they are used: `gapsBelow`, in a checkpoint of its own before the first segment is replaced, so that
 * after a crash missing offsets are known to be no damage; and where the clean part ends, in whatever checkpoint comes next, since a
 * pass that is repeated changes nothing.
 */
export async function compactPartition(
  { world, checkpoints, writeBehind }: CompactionTools,
  log: PartitionLog,
  rule: CompactionRule,
  isCancelled: () => boolean,
): Promise<CompactionResult | null> {
  const row = checkpoints.row(log)
  if (row === undefined || log.failed !== null) return null
  const { startOffset, cleanedTo, gapsBelow, lastStableOffset } = log
  const range = { startOffset, cleanedTo, lastStableOffset, checkpointedOffset: row.folder.active.baseOffset }
  const { isDue, firstUncleanable } = await dirtiness(log.folder, range, world.clock.now(), rule)
  if (!isDue || isCancelled()) return null
  const result = await compactFolder(log.folder, world.clock, {
    startOffset,
    cleanedTo,
    gapsBelow,
    firstUncleanable,
    deleteRetentionMs: rule.deleteRetentionMs,
    mapBytes: rule.mapBytes,
    producers: log.producers.lastOfEach(),
    abortedTransactions: (from, to) => log.abortedTransactions(from, to),
    beforeSwap: async (through) => {
      log.gapsBelow = Math.max(log.gapsBelow, through)
      await checkpoints.writeWith([log])
    },
    exclusively: (work) =>
      writeBehind.run(async () => {
        checkpoints.mark(log) // the row tells of transaction indexes that go now
        return work()
      }),
    isCancelled: () => isCancelled() || log.failed !== null,
  })
  log.cleanedTo = result.endOffset
  checkpoints.mark(log)
  return result
}

interface CompactionTools {
  readonly world: World
  readonly checkpoints: Checkpoints
  readonly writeBehind: WriteBehind
}
