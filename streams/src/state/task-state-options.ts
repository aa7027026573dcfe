import type { Clock, Disk } from '@millrace/core'
import type { StoreEngines } from './engine.ts'
import type { FlushLimits } from './flusher.ts'
import type { StoredMarks } from './state-marks.ts'
import type { StoreSpec } from './store-spec.ts'
import type { Verdict } from './verify-marks.ts'

export interface TaskStateOptions {
  /** For messages. */
  readonly taskId: string
  /** The task's own folder, absolute, below `stateDir`; made when it is missing. The caller holds the lock of `stateDir`. */
  readonly folder: string
  readonly stores: readonly StoreSpec[]
  readonly engines: StoreEngines
  readonly disk: Disk
  readonly clock: Clock
  /**
   * Asked once, when an engine was found that is sound in itself: does it agree with the log? Gather the facts and call
   * `verifyMarks`. What it throws, `open` throws; the engine is then closed unharmed. Default: keep.
   */
  readonly verify?: (marks: StoredMarks) => Promise<Verdict>
  /**
   * Called by every flush when it has fixed what it will write, before it writes: makes the log durable that far. Default:
   * nothing (an acknowledged commit is durable).
   */
  readonly syncLog?: () => Promise<void>
  readonly limits?: Partial<StateLimits>
}

export interface StateLimits extends FlushLimits {
  /**
   * Rows of the engine kept in memory, over all stores of the task: a quarter decoded (in the heap), the rest sealed (outside
   * it). Taken as rows come; who runs many tasks divides. Default 64 MiB.
   */
  readonly cacheBytes: number
}

export const defaultLimits: StateLimits = {
  flushBytes: 16 * 1024 * 1024,
  flushRecords: 100_000,
  flushAgeMs: 5_000,
  cacheBytes: 64 * 1024 * 1024,
}
