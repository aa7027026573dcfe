import type { LogClient, World } from '@millrace/core'
import type { Skipped } from '../runtime/skipped.ts'
import type { StoreEngines } from '../state/engine.ts'
import type { ErrorPolicy } from '../task/task-context.ts'

/** Options of a StreamsApp. */
export interface StreamsOptions {
  /** Names the application in the log: its consumer group, and the prefix of its internal topics. */
  readonly applicationId: string
  readonly log: LogClient
  /** Where the stores live; required when the topology has any. One process has it at a time. Never inside the log's directory. */
  readonly stateDir?: string
  /**
   * Process what the source topics hold at the first start, close every window, and end. Default false.
   */
  readonly bounded?: boolean
  /** What to do when user code throws or a record does not decode: stop, or leave the record out and count it. Default `fail`. */
  readonly onError?: ErrorPolicy
  /** Hears of every record that `onError: 'skip'` has left out. Called at once: after a restart it may hear of one again. */
  readonly onSkipped?: (skipped: Skipped) => void
  /** The longest time between two commits in milliseconds. Default 100. */
  readonly commitIntervalMs?: number
  /** Outputs and changelogs that bring the commit forward, in bytes. Default 8 MiB, half of what one transaction may hold. */
  readonly maxUncommittedBytes?: number
  /** Default: classic-level in `stateDir`. */
  readonly storeEngines?: StoreEngines
  /** Clock, randomness and disk. Default: Node's. */
  readonly world?: World
}
