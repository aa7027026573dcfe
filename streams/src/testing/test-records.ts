/** What a TopologyTestDriver takes and gives. */
import type { Header } from '@millrace/core'
import type { ErrorPolicy } from '../task/task-context.ts'

export interface TopologyTestDriverOptions {
  /** Default `test`. */
  readonly applicationId?: string
  /** What to do when user code throws, or a record has no timestamp. Default `fail`: the call throws. */
  readonly onError?: ErrorPolicy
  /** Of source and sink topics. Default: 1 each. */
  readonly partitions?: Readonly<Record<string, number>>
  /** The partition of a key, of its bytes. Default: Kafka's, murmur2. */
  readonly partitionOf?: (key: Uint8Array, partitions: number) => number
  /** The wall clock at first, in milliseconds since 1970. Default 0. */
  readonly nowMs?: number
}

/** A record for a source topic. */
export interface TestRecord<K = unknown, V = unknown> {
  readonly key: K
  readonly value: V
  /** Milliseconds since 1970. Default: the driver's wall clock. */
  readonly timestamp?: number
  /** Default: that of the key; 0 where there is none. */
  readonly partition?: number
  readonly headers?: readonly Header[]
}

/** A record that the topology wrote. */
export interface TestRow<K = unknown, V = unknown> {
  readonly topic: string
  readonly partition: number
  readonly key: K
  readonly value: V
  readonly timestamp: number
  readonly headers: readonly Header[]
}

/** A row of a store. */
export interface TestStoreRow<K = unknown, V = unknown> {
  /** Of the task that has it; -1: a global table. */
  readonly partition: number
  readonly key: K
  /** Where the store has windows or sessions: the start of it, milliseconds since 1970. */
  readonly start?: number
  /** Of a session: its last record. */
  readonly end?: number
  readonly value: V
  /** Of the newest record in it. */
  readonly timestamp: number
  /** Of a version, which is valid from its timestamp: until then. Null: it is the newest. */
  readonly validTo?: number | null
}
