import type { ConfigOf, ConfigSpec } from './config-spec.ts'
import type { Connector, TaskContext } from './connector.ts'
import type { SourceOffset, SourcePartition, SourceRecord } from './record.ts'

/** Reads from an external system into topics. */
export interface SourceConnector<S extends ConfigSpec = ConfigSpec> extends Connector<S> {
  readonly kind: 'source'
  /**
   * Whether a task that starts at its last offset sees every record after it again, and none before (KIP-618). Only then are
   * records written exactly once.
   */
  exactlyOnce(config: ConfigOf<S>): boolean
  /** Makes a task that has not started. Called for each set of settings that `taskConfigs` gave. */
  task(): SourceTask<S>
}

/**
 * One reader.
 *
 * The worker calls `start`, then `poll` again and again, then `stop`: never two at a time. Records and their offsets are committed
 * in one transaction; a record that a transform or an error policy dropped commits its offset too.
 */
export interface SourceTask<S extends ConfigSpec = ConfigSpec> {
  /** Opens what it reads, at the offsets of the context. */
  start(config: ConfigOf<S>, context: SourceContext): Promise<void>
  /** What is there, in order; waits a while when nothing is, and may then give nothing. @throws RetriableError */
  poll(): Promise<readonly SourceRecord[]>
  /** These positions are committed: what was read up to them may be acknowledged to the external system, not before. */
  committed?(offsets: ReadonlyMap<SourcePartition, SourceOffset>): Promise<void>
  /** Frees what `start` opened, also after `start` failed. */
  stop(): Promise<void>
}

export interface SourceContext extends TaskContext {
  /** The committed position of each partition, null where there is none. Compared by values: the order of names does not matter. */
  offsets(partitions: readonly SourcePartition[]): Promise<readonly (SourceOffset | null)[]>
}
