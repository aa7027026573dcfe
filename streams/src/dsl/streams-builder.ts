import { GraphBuilder } from '../graph/graph-builder.ts'
import type { AnyStore } from '../graph/stores.ts'
import type { Topology } from '../graph/topology.ts'
import { checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { erase } from './erase.ts'
import { GlobalTableNode, type GlobalTable } from './global-table.ts'
import { declarationIn } from './processors.ts'
import type { KStream } from './k-stream.ts'
import type { TopicSerdes } from './options.ts'
import { streamAt } from './stream-node.ts'

/** Where a topology begins: makes the first streams and tables, and builds what was made of them. */
export class StreamsBuilder {
  readonly #graph: GraphBuilder = new GraphBuilder()

  /**
   * The records of one or more topics, which must exist. Several topics in one call are one stream; an operator that needs its
   * key in one task asks them for equal partition counts when the application starts.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_INVALID, INVALID_STREAM_OPTION
   */
  stream<K, V>(topic: string | readonly string[], options: TopicSerdes<K, V>): KStream<K, V> {
    checkOptions('stream', options, ['key', 'value'])
    const { key, value } = options
    checkSerdes('stream', { key, value })
    const topics = namesOf(topic)
    return streamAt(
      this.#graph,
      this.#graph.add({ kind: 'source', inputs: [], topics, key: erase(key), value: erase(value) }),
      key,
    )
  }

  /**
   * A table that every instance reads whole, from all partitions of its topic, before it processes anything.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, TOPOLOGY_INVALID, INVALID_STREAM_OPTION
   */
  globalTable<K, V>(topic: string, options: TopicSerdes<K, V> & { readonly store: string }): GlobalTable<K, V> {
    checkOptions('globalTable', options, ['key', 'value', 'store'])
    const { key, value, store } = options
    checkSerdes('globalTable', { key, value })
    this.#graph.add({ kind: 'global-table', inputs: [], topic, store, key: erase(key), value: erase(value) })
    return new GlobalTableNode(this.#graph, store)
  }

  /**
   * Says that stores belong to this topology: `build` then refuses one that no processor uses. Without it a store belongs to the
   * topology as soon as a processor uses it.
   * @throws INVALID_STREAM_OPTION, TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN
   */
  addStore(...stores: readonly AnyStore[]): this {
    for (const store of stores) this.#graph.addStore(declarationIn(store))
    return this
  }

  /** What was made until now; the builder may go on. @throws TOPOLOGY_EMPTY, TOPOLOGY_INVALID */
  build(): Topology {
    return this.#graph.build()
  }
}

function namesOf(topic: string | readonly string[]): readonly string[] {
  if (!Array.isArray(topic)) return [topic as string]
  if (topic.length > 0) return [...(topic as readonly string[])]
  throw streamError('TOPOLOGY_NAME_MISSING', { what: 'stream(...) has an empty list of topics' })
}
