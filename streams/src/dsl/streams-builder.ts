import { nullable } from '@millrace/core'
import { GraphBuilder } from '../graph/graph-builder.ts'
import type { AnyStore } from '../graph/stores.ts'
import type { Topology } from '../graph/topology.ts'
import { checkOptions, checkSerdes } from '../time/options.ts'
import { emitEveryOf, type Emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import { GlobalTableNode, type GlobalTable } from './global-table.ts'
import { declarationIn } from './processors.ts'
import type { KStream } from './k-stream.ts'
import type { KTable, VersionedTable } from './k-table.ts'
import { makeTable } from './make-table.ts'
import type { TopicSerdes } from './options.ts'
import { sourceOptions, sourceSettings, type Source } from './source.ts'
import { streamAt } from './stream-node.ts'
import type { Versioned } from './table-options.ts'

/** Where a topology begins: makes the first streams and tables, and builds what was made of them. */
export class StreamsBuilder {
  readonly #graph: GraphBuilder = new GraphBuilder()

  /**
   * The records of one or more topics, which must exist. Several topics in one call are one stream; an operator that needs its
   * key in one task asks them for equal partition counts when the application starts.
   *
   * A pattern stands for the topics that match it when the application starts, by `RegExp.test`: anchor it where the whole name
   * has to match (Kafka always matches the whole). The log's and the application's own topics never match. A topic that is made
   * later is found by the next start of the application, not while it runs; no topic at all is SOURCE_TOPIC_MISSING at the start.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_INVALID, INVALID_STREAM_OPTION
   */
  stream<K, V>(topic: string | readonly string[] | RegExp, options: Source<K, V>): KStream<K, V> {
    checkOptions('stream', options, sourceOptions)
    const { key, value } = options
    checkSerdes('stream', { key, value })
    const source = sourceSettings('stream', topic, options)
    return streamAt(
      this.#graph,
      this.#graph.add({ kind: 'source', inputs: [], ...source, key: erase(key), value: erase(value) }),
      key,
    )
  }

  /**
   * A table of the newest value of each key of a topic, which must exist. A null value deletes; a null key is dropped and counted.
   * Records are applied in the order of their offsets, also those that are older than their row. With `versioned` the table keeps
   * older versions too, puts a record where it belongs by its time, and drops what is older than the history (`late`). The store's
   * changelog is the topic itself when that is compacted and the table is not versioned, otherwise one of the application's own.
   * @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, TOPOLOGY_INVALID, INVALID_STREAM_OPTION, WINDOW_INVALID
   */
  table<K, V>(topic: string, options: TableOptions<K, V> & { readonly versioned: Versioned }): VersionedTable<K, V>
  table<K, V>(topic: string, options: TableOptions<K, V> & Emitting): KTable<K, V>
  table<K, V>(topic: string, options: TableOptions<K, V> & Emitting & { readonly versioned?: Versioned }): VersionedTable<K, V> {
    const { emitEvery, others } = emitEveryOf('table', options)
    checkOptions('table', others, ['key', 'value', 'store', 'versioned'])
    const { key, value, store, versioned } = others
    checkSerdes('table', { key, value })
    const graph = this.#graph
    const deletable = erase(nullable(value))
    const node = graph.add({ kind: 'source', table: true, inputs: [], topics: [topic], key: erase(key), value: deletable })
    return makeTable('table', { graph, node, key, streamAt }, { store, value, topic, versioned, emitEvery })
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

interface TableOptions<K, V> extends TopicSerdes<K, V> {
  /** Names the store. */
  readonly store: string
}
