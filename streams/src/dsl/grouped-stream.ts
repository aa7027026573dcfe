import type { Windows } from '../time/windows.ts'
import { erase } from './erase.ts'
import { TableNode, type KTable } from './k-table.ts'
import type { Aggregation, Counting, Reduction } from './options.ts'
import type { Place } from './place.ts'
import { aggregating, counting, reducing, type Totals } from './totals.ts'
import { WindowedNode, type WindowedStream } from './windowed-stream.ts'

/** Records in groups of equal keys. Each operator keeps one total a key in a store with a changelog. */
export interface GroupedStream<in out K, V> {
  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting): KTable<K, number>
  /** @throws as `count` */
  reduce(options: Reduction<K, V>): KTable<K, V>
  /** A null key or value is dropped and counted. @throws as `count` */
  aggregate<A>(options: Aggregation<K, V, A>): KTable<K, A>
  /** @throws WINDOW_INVALID */
  windowedBy(windows: Windows): WindowedStream<K, V>
}

export class GroupedNode<K, V> implements GroupedStream<K, V> {
  readonly #place: Place<K>

  constructor(place: Place<K>) {
    this.#place = place
  }

  count(options: Counting): KTable<K, number> {
    return this.#table(counting(options))
  }

  reduce(options: Reduction<K, V>): KTable<K, V> {
    return this.#table(reducing(options))
  }

  aggregate<A>(options: Aggregation<K, V, A>): KTable<K, A> {
    return this.#table(aggregating(options))
  }

  windowedBy(windows: Windows): WindowedStream<K, V> {
    return new WindowedNode(this.#place, windows)
  }

  #table<A>(totals: Totals): KTable<K, A> {
    const { graph, node, key } = this.#place
    const name = graph.add({ kind: 'aggregate', inputs: [node], key: erase(key), ...totals })
    return new TableNode({ ...this.#place, node: name })
  }
}
