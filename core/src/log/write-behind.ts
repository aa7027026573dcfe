import { coreError } from '../base/error-catalogue.ts'
import type { Clock } from '../base/clock.ts'
import { DiskError } from '../base/disk.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Counter, Duration, Metrics } from '../base/metrics.ts'
import type { PartitionLog } from './partition-log.ts'

/**
 * Moves durable batches from the tails to the segments, one partition at a time; a checkpoint takes two. Beside the journal's, no more
 * threads of the pool than these are occupied by writing.
 *
 * Invariants
 *   W1  A segment gets only what the journal holds durably, in order, once.
 *   W2  A full disk stops nothing that is acknowledged: the batches wait in tail and journal and are tried again.
 *   W3  Any other error fences the partition; its batches stay readable from the tail.
 */
const retryDelayMs = 200
/** How much is written at once, so that a reader of the same pool never waits long. */
const chunkBytes = 4 << 20

export class WriteBehind {
  private readonly clock: Clock
  private readonly thresholdBytes: number
  private readonly waiting = new Set<PartitionLog>()
  private readonly written: (log: PartitionLog) => void
  private readonly writeDuration: Duration
  private readonly writtenBytes: Counter
  private line: Promise<void> = Promise.resolve()
  /** On the monotonic clock: until then a full disk is not tried again. */
  private retryAt = 0
  private stopped = false

  constructor(clock: Clock, metrics: Metrics<CoreMetrics>, thresholdBytes: number, written: (log: PartitionLog) => void) {
    this.clock = clock
    this.thresholdBytes = thresholdBytes
    this.written = written
    this.writeDuration = metrics.duration('millrace.segment.write.duration')
    this.writtenBytes = metrics.counter('millrace.segment.write.size')
  }

  /** After each round: writes the partition once enough has gathered. */
  consider(log: PartitionLog, unwrittenBytes: number): void {
    if (unwrittenBytes < this.thresholdBytes || this.waiting.has(log) || log.failed !== null || this.stopped) return
    this.waiting.add(log)
    void this.run(async () => {
      this.waiting.delete(log)
      if (!this.stopped && log.failed === null && this.clock.monotonic() >= this.retryAt) await this.flush(log, log.highWatermark)
    }).catch(() => {
      // What went wrong stands in the partition or in `retryAt`; the batches stay in tail and journal.
    })
  }

  /** Runs work that touches segments, after all such work before it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.line.then(work)
    this.line = result.then(ignore, ignore)
    return result
  }

  /** Inside `run`: writes the partition's batches below `end` to its segments. @throws DISK_FULL, PARTITION_FENCED */
  async flush(log: PartitionLog, end: number): Promise<void> {
    while (log.folder.endOffset < end) {
      const batches = takeBytes(log.tail.slice(log.folder.endOffset, end).map((batch) => batch.bytes))
      try {
        const startedAt = this.clock.monotonic()
        await log.writeFolder(batches)
        this.writeDuration.recordMs(this.clock.monotonic() - startedAt)
        for (const batch of batches) this.writtenBytes.add(batch.length)
        this.retryAt = 0
      } catch (cause) {
        throw this.judge(log, cause)
      } finally {
        this.written(log)
      }
    }
  }

  /**
   * What an error of a segment means. A sync that failed leaves the file in doubt whatever its code: the next one would
   * succeed without the data, so the partition stays as the last checkpoint knows it, until the journal is replayed.
   */
  judge(log: PartitionLog, cause: unknown): Error {
    if (cause instanceof DiskError && cause.code === 'ENOSPC' && cause.operation !== 'dataSync') {
      this.retryAt = this.clock.monotonic() + retryDelayMs
      return coreError('DISK_FULL', { what: 'a segment cannot be written', where: cause.path, cause })
    }
    if (!(cause instanceof DiskError)) return cause as Error
    const error = coreError('PARTITION_FENCED', { what: 'the segment cannot be written', where: cause.path, cause })
    log.fence(error)
    return error
  }

  stop(): void {
    this.stopped = true
  }
}

function ignore(): void {
  // The caller of the work hears of its failure; the line goes on.
}

function takeBytes(batches: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0
  let count = 0
  while (count < batches.length && (count === 0 || bytes + batches[count]!.length <= chunkBytes))
    bytes += batches[count++]!.length
  return batches.slice(0, count)
}
