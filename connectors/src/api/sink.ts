import type { TopicPartition } from '@millrace/core'
import type { ConfigOf, ConfigSpec } from './config-spec.ts'
import type { Connector, TaskContext } from './connector.ts'
import type { SinkRecord } from './record.ts'

/** Writes from topics into an external system. */
export interface SinkConnector<S extends ConfigSpec = ConfigSpec> extends Connector<S> {
  readonly kind: 'sink'
  /** Makes a task that has not started. Called for each set of settings that `taskConfigs` gave. */
  task(): SinkTask<S>
}

/** The next offset to read of each partition. */
export type SinkOffsets = readonly (TopicPartition & { readonly offset: number })[]

/**
 * One writer.
 *
 * The worker calls `start`, `open` with the partitions assigned, `put` again and again, `preCommit` now and then; when partitions
 * go `preCommit` and `close`, at the end `stop`: never two at a time.
 */
export interface SinkTask<S extends ConfigSpec = ConfigSpec> {
  start(config: ConfigOf<S>, context: SinkContext): Promise<void>
  /** Partitions are assigned. Default: nothing to do. */
  open?(partitions: readonly TopicPartition[]): Promise<void>
  /** Takes the records, in order by partition; also called with none while nothing comes. @throws RetriableError: all again */
  put(records: readonly SinkRecord[]): Promise<void>
  /**
   * Makes what was put durable, and says up to where it is: no further than `offsets`. A partition left out is not committed.
   * After a failure reading goes back to what was committed.
   */
  preCommit(offsets: SinkOffsets): Promise<SinkOffsets>
  /** Partitions go to another task. Default: nothing to do. */
  close?(partitions: readonly TopicPartition[]): Promise<void>
  /** Frees what `start` opened, also after `start` failed. */
  stop(): Promise<void>
}

export interface SinkContext extends TaskContext {
  /** Reading goes on from these offsets: a sink that keeps its own position in its target begins there. */
  seek(offsets: SinkOffsets): void
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** Asks for `preCommit` soon. */
  requestCommit(): void
  /** A record that the target will never take: to the dead letters, or fails the task, as the error policy says (KIP-610). */
  reject(record: SinkRecord, error: unknown): Promise<void>
}
