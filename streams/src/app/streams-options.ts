import type { LogClient, World } from '@millrace/core'
import type { DropListener } from '../runtime/dropped.ts'
import type { RestoreListener } from '../runtime/restore.ts'
import type { StoreEngines } from '../state/engine.ts'
import type { ErrorPolicy } from '../task/task-context.ts'
import type { ErrorOptions } from './error-options.ts'

/** Options of a StreamsApp. */
export interface StreamsOptions {
  /** Names the application in the log: its consumer group, and the prefix of its internal topics. */
  readonly applicationId: string
  readonly log: LogClient
  /** Where the stores live; required when the topology has any that do not live in memory. One process has it at a time. Never inside the log's directory. */
  readonly stateDir?: string
  /**
   * Process what the source topics hold at the first start, close every window, and end. Default false.
   */
  readonly bounded?: boolean
  /**
   * What to do when a record does not decode, user code throws, or a record cannot be written: stop, or leave the record out and count
   * it; or policies for each of the three. Default `fail`.
   */
  readonly onError?: ErrorPolicy | ErrorOptions
  /** Hears of every record that does not go on, and why. Called at once: after a restart it may hear of one again. */
  readonly onDropped?: DropListener
  /** Hears where the replay of changelogs stands, while the application starts: start, each batch, end. */
  readonly onRestore?: RestoreListener
  /** The longest time between two commits in milliseconds. Default 100. */
  readonly commitIntervalMs?: number
  /** Outputs and changelogs that bring the commit forward, in bytes. Default 8 MiB, half of what one transaction may hold. */
  readonly maxUncommittedBytes?: number
  /**
   * How long a task that reads several partitions waits for one that is empty, before it goes on with the others: milliseconds of the
   * wall clock. 0: as long as the log is known to have more for it; -1: never (KIP-695). Default 0.
   */
  readonly maxTaskIdleMs?: number
  /**
   * When a task has been caught up and without input for `afterMs` of the wall clock, windows close, and what waits for stream time goes
   * out, as if stream time had gone on with the wall clock since the last record. A record for a window that was closed so is late.
   * Not for a bounded application. Default: stream time moves with records only.
   */
  readonly idleAdvance?: { readonly afterMs: number }
  /**
   * Instances that keep a copy of the stores of each task, beside the one that runs it, so that a task moves without a replay
   * (num.standby.replicas). Copies need other instances to live in. Default 0.
   */
  readonly standbyReplicas?: number
  /**
   * Makes the instance a static member of the application's group (KIP-345): its tasks wait for it while it is away for less than five
   * minutes, and a second one with the same name fences the first. Default: its tasks go to others when it closes.
   */
  readonly groupInstanceId?: string
  /** Where others reach this instance, in your words (`host:port`), for `instances()` and `keyMetadata()` of all of them. Default: nowhere. */
  readonly server?: string
  /** Default: classic-level in `stateDir`. */
  readonly storeEngines?: StoreEngines
  /** Clock, randomness and disk. Default: Node's. */
  readonly world?: World
}
