import type { Serializer } from '@millrace/core'
import type { AnyNode } from './any-node.ts'
import type { Callback, Meta } from './callbacks.ts'

/** The topic that a partitioner is asked about. */
export interface SinkTopic {
  readonly topic: string
  readonly partitions: number
}

/** Where a record goes in its topic: one partition, several, none (an empty list), or undefined: where its key puts it (KIP-873). */
export type Partitions = number | readonly number[] | undefined

/** A sink that asks the user for topic or partition of each record. */
export interface RouteNode extends AnyNode {
  readonly kind: 'route'
  /** A name, or what chooses it (Kafka's TopicNameExtractor). */
  readonly topic: string | Callback<string>
  /** What may be chosen; null: any topic that is there when the application starts. */
  readonly topics: readonly string[] | null
  readonly key: Serializer<unknown>
  readonly value: Serializer<unknown>
  /** Null: the key decides. */
  readonly partition: ((value: unknown, key: unknown, topic: SinkTopic, meta: Meta) => Partitions) | null
}
