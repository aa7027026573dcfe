/**
 * What is done to a log, as data: the same list drives Millrace (on-millrace.ts) and Apache Kafka (on-kafka.ts), so that the two
 * can be compared afterwards. A list is done in order, each operation acknowledged before the next begins.
 */
export type Operation = CreateTopic | Write | Transact

export interface CreateTopic {
  readonly op: 'create'
  readonly topic: string
  readonly partitions: number
  /** Kafka's names. A `segment.bytes` below Kafka's smallest is given to Kafka by its name for tests. */
  readonly config?: Readonly<Record<string, string>>
}

/** Records that one producer sends together: one batch. */
interface Write {
  readonly op: 'write'
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
