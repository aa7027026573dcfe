import { coreError } from '../base/error-catalogue.ts'
import { DiskError } from '../base/disk.ts'
import { MillraceError } from '../base/errors.ts'
import type { World } from '../base/world.ts'
import type { CompactionResult } from '../storage/compaction.ts'
import type { Checkpoints } from './checkpoints.ts'
import { compactPartition, type CompactionRule } from './compact-partition.ts'
import type { PartitionLog } from './partition-log.ts'
import { planRetention, type RetentionRule } from './retention.ts'
import type { WriteBehind } from './write-behind.ts'

/**
 * What takes records away, and what is remembered of producers: deletion, retention, compaction, expiry.
 *
 * Invariants
 *   R1  A later start, and that offsets may be missing, is durable in a checkpoint before a reader or a file shows it.
 *   R2  Nothing goes that lies behind the last stable offset.
 *   R3  One partition is compacted at a time.
 */
export class Removal {
  private readonly world: World
  private readonly checkpoints: Checkpoints
  private readonly writeBehind: WriteBehind
  private readonly partitions: () => Iterable<PartitionLog>
  private readonly isCurrent: (log: PartitionLog) => boolean
  private readonly assertOpen: () => void
  private compacting: Promise<unknown> = Promise.resolve()

  constructor(options: {
    readonly world: World
    readonly checkpoints: Checkpoints
    readonly writeBehind: WriteBehind
    readonly partitions: () => Iterable<PartitionLog>
    /** Not for a partition whose topic was deleted. */
    readonly isCurrent: (log: PartitionLog) => boolean
    readonly assertOpen: () => void
  }) {
    this.world = options.world
    this.checkpoints = options.checkpoints
    this.writeBehind = options.writeBehind
    this.partitions = options.partitions
    this.isCurrent = options.isCurrent
    this.assertOpen = options.assertOpen
  }

  /**
   * Moves the starts of partitions up, each at most to its last stable offset. Resolves when that is durable and readers see it; the
   * segments before it are removed then. @throws CLOSED, DISK_FULL, CHECKPOINT_FAILED, JOURNAL_FAILED, and why a partition failed
   */
  async advanceStarts(starts: readonly NewStart[]): Promise<void> {
    this.assertOpen()
    for (const { log, offset } of starts) {
      if (log.failed !== null) throw log.failed
      log.wantStart(offset)
    }
    const logs = starts.map(({ log }) => log)
    await this.checkpoint(logs, 'the new starts cannot be made durable')
  }

  /**
   * Brings what was written into the segments, where it can be removed and compacted; a log that grows slowly would wait for long.
   * @throws as `advanceStarts`
   */
  async settle(): Promise<void> {
    this.assertOpen()
    if (!this.checkpoints.isClean) await this.checkpoint([], 'what was written cannot be brought into the segments')
  }

  private async checkpoint(logs: readonly PartitionLog[], failure: string): Promise<void> {
    try {
      await this.checkpoints.writeWith(logs)
    } catch (cause) {
      throw diskFailure(cause, 'CHECKPOINT_FAILED', failure)
    }
  }

  /**
   * Removes what is too old or too much, in whole segments. Returns how many partitions start later than before.
   * @throws READ_FAILED, and as `advanceStarts`
   */
  async retain(rules: readonly (readonly [PartitionLog, RetentionRule])[]): Promise<number> {
    this.assertOpen()
    const starts: NewStart[] = []
    for (const [log, rule] of rules) {
      const now = this.world.clock.now()
      const offset = await this.writeBehind
        .run(() => planRetention(log, rule, now, this.writeBehind))
        .catch((cause: unknown) => {
          throw diskFailure(cause, 'READ_FAILED', `what retention removes of ${log.name} cannot be found out`)
        })
      if (offset !== null && this.isCurrent(log)) starts.push({ log, offset })
    }
    if (starts.length > 0) await this.advanceStarts(starts)
    return starts.length
  }

  /**
   * Compacts one partition when enough of it is dirty; one at a time. Null when nothing was done. Errors leave it readable as before,
   * but for SWAP_UNFINISHED: then nothing of it can be used until the log is opened again.
   * @throws SEGMENT_DAMAGED, CORRUPT_BATCH, CODEC_MISSING, CONTENT_TOO_LARGE, DISK_FULL, READ_FAILED, SWAP_UNFINISHED
   */
  compact(log: PartitionLog, rule: CompactionRule, isCancelled: () => boolean): Promise<CompactionResult | null> {
    this.assertOpen()
    const compacting = this.compacting.then(() => this.compactOne(log, rule, () => isCancelled() || !this.isCurrent(log)))
    this.compacting = compacting.catch(ignore)
    return compacting
  }

  private async compactOne(
    log: PartitionLog,
    rule: CompactionRule,
    isCancelled: () => boolean,
  ): Promise<CompactionResult | null> {
    try {
      const { world, checkpoints, writeBehind } = this
      return await compactPartition({ world, checkpoints, writeBehind }, log, rule, isCancelled)
    } catch (cause) {
      if (cause instanceof MillraceError && cause.code === 'SWAP_UNFINISHED') log.condemn(cause)
      throw diskFailure(cause, 'READ_FAILED', `${log.name} cannot be compacted`)
    }
  }

  /** Forgets producers that were idle so long. */
  expireProducers(expirationMs: number): void {
    const now = this.world.clock.now()
    for (const log of this.partitions()) if (log.expireProducers(now, expirationMs)) this.checkpoints.mark(log)
  }
}

/** What an error of the disk means to whoever asked for the work; any other error is passed on. */
function diskFailure(cause: unknown, code: 'READ_FAILED' | 'CHECKPOINT_FAILED', what: string): unknown {
  if (!(cause instanceof DiskError)) return cause
  return coreError(cause.code === 'ENOSPC' ? 'DISK_FULL' : code, { what, where: cause.path, cause })
}

function ignore(): void {
  // Whoever asked for it hears of it.
}

export interface NewStart {
  readonly log: PartitionLog
  readonly offset: number
}
