import type { Serializer } from '@millrace/core'
import type { Callback, Meta } from '../graph/callbacks.ts'
import type { NewNode } from '../graph/graph-builder.ts'
import type { Partitions, RouteNode, SinkTopic } from '../graph/route-node.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { eraseSerializer } from './erase.ts'
import type { Of } from './options.ts'

/** How records are written to a topic. */
export interface Sink<K, V> {
  readonly key: Serializer<K>
  readonly value: Serializer<V>
  /**
   * The partition of each record: one, several (each gets the record), none (an empty list: dropped and counted,
   * `no-partition`), or undefined: where its key puts it (KIP-873). One that is not there is RECORD_INVALID, as what user code
   * throws. Default: where the key puts it.
   */
  readonly partition?: (value: V, key: K, topic: SinkTopic, meta: Meta) => Partitions
}

/** How records are written to topics that are chosen for each. */
export interface ChosenSink<K, V> extends Sink<K, V> {
  /** What may be chosen; all of them must be there at the start. Default: any topic that is there at the start. */
  readonly topics?: readonly string[]
}

/** The node of `to`. @throws INVALID_STREAM_OPTION */
export function sinkNode<K, V>(input: string, topic: string | Of<K, V, string>, options: ChosenSink<K, V>): NewNode {
  checkOptions(
    'to',
    options,
    typeof topic === 'function' ? ['key', 'value', 'partition', 'topics'] : ['key', 'value', 'partition'],
  )
  const { key, value, partition, topics } = options
  checkSerdes('to', { key, value }, 'write')
  const written = { inputs: [input], key: eraseSerializer(key), value: eraseSerializer(value) }
  if (typeof topic !== 'function' && partition === undefined) return { kind: 'to', ...written, topic }
  if (partition !== undefined) checkFunctions('to', { partition })
  const named = typeof topic === 'function' ? listOf(topics) : [topic]
  const partitioner = (partition ?? null) as RouteNode['partition']
  return { kind: 'route', ...written, topic: topic as string | Callback<string>, topics: named, partition: partitioner }
}

function listOf(topics: unknown): readonly string[] | null {
  if (topics === undefined) return null
  if (Array.isArray(topics) && topics.length > 0) return [...(topics as readonly string[])]
  throw streamError('INVALID_STREAM_OPTION', {
    what: 'not a list of topics',
    where: 'to, topics',
    expected: 'names of topics, one at least',
    received: typeof topics,
  })
}
