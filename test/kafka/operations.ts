/**
 * What is done to a log, as data: the same list drives Millrace (on-millrace.ts) and Apache Kafka (on-kafka.ts), so that the two
 * can be compared afterwards. A list is done in order, each operation acknowledged before the next begins.
 */
export type Operation = CreateTopic | Configure | Write | Transact | Begin | Add | End | DeleteRecords

export interface CreateTopic {
  readonly op: 'create'
  readonly topic: string
  readonly partitions: number
  /** Kafka's names. A `segment.bytes` below Kafka's smallest is given to Kafka by its name for tests. */
  readonly config?: Readonly<Record<string, string>>
}

/** Sets (a value) or resets (null) settings of a topic. */
interface Configure {
  readonly op: 'configure'
  readonly topic: string
  readonly changes: Readonly<Record<string, string | null>>
}

/** Removes what lies before that share (0 to 1) of the last stable offset. */
interface DeleteRecords {
  readonly op: 'delete-records'
  readonly topic: string
  readonly partition: number
  readonly share: number
}

/** Opens a transaction, which stays open until its `end`. */
interface Begin {
  readonly op: 'begin'
  readonly transactionalId: string
}

interface Add {
  readonly op: 'add'
  readonly transactionalId: string
  readonly batch: Batch
}

interface End {
  readonly op: 'end'
  readonly transactionalId: string
  readonly how: 'commit' | 'abort'
}

/** Records that one producer sends together: one batch. */
interface Write {
  readonly op: 'write'
  /** Default: none. */
  readonly compression?: Compression
  readonly batch: Batch
}

/** A transaction, with offsets that count when it is committed. */
export interface Transact {
  readonly op: 'transact'
  /** Default: it is committed. */
  readonly end?: 'abort'
  readonly transactionalId: string
  readonly batches: readonly Batch[]
  readonly offsets?: { readonly group: string; readonly positions: readonly Position[] }
}

export const compressions = ['gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly Item[]
}

/** Text stands for its UTF-8. */
export interface Item {
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers?: readonly (readonly [string, string | null])[]
}

interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Every partition that the operations create. */
export function placesOf(operations: readonly Operation[]): readonly { topic: string; partition: number }[] {
  return operations.flatMap((operation) =>
    operation.op === 'create'
      ? Array.from({ length: operation.partitions }, (_, partition) => ({ topic: operation.topic, partition }))
      : [],
  )
}
