import type { Serde } from '@millrace/core'
import type { SessionWindows, TimeWindows } from '../time/windows.ts'
import { CogroupedNode, type CogroupAdder, type CogroupedStream } from './cogrouped-stream.ts'
import { listOf } from '../time/composed-serdes.ts'
import { erase } from './erase.ts'
import type { KTable } from './k-table.ts'
import type { Aggregation, Counting, Reduction } from './options.ts'
import { Placed } from './place.ts'
import { TableNode } from './table-node.ts'
import { topNode, type TopN } from './top-n.ts'
import { aggregating, counting, reducing, type Totals } from './totals.ts'
import { SessionNode, WindowedNode, type SessionStream, type WindowedStream } from './windowed-stream.ts'

/** Records in groups of equal keys. Each operator keeps one total a key in a store with a changelog. */
export interface GroupedStream<in out K, V> {
  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting): KTable<K, number>
  /** @throws as `count` */
  reduce(options: Reduction<K, V>): KTable<K, V>
  /** A null key or value is dropped and counted. @throws as `count` */
  aggregate<A>(options: Aggregation<K, V, A>): KTable<K, A>
  /** Several groups with the same keys, one total a key (KIP-150). `add` is for the values of this one. @throws INVALID_STREAM_OPTION */
  cogroup<A>(add: CogroupAdder<K, V, A>): CogroupedStream<K, A>
  /**
   * The first `n` values of each key in the order of `compare`; the whole list, each time that it changes. A null key or value is
   * dropped and counted. @throws as `count`
   */
  topN(options: TopN<V>): KTable<K, readonly V[]>
  /** @throws WINDOW_INVALID */
  windowedBy(windows: SessionWindows): SessionStream<K, V>
  windowedBy(windows: TimeWindows): WindowedStream<K, V>
}

export class GroupedNode<K, V> extends Placed<K> implements GroupedStream<K, V> {
  count(options: Counting): KTable<K, number> {
    return this.#table(counting(options))
  }

  reduce(options: Reduction<K, V>): KTable<K, V> {
    return this.#table(reducing(options))
  }

  aggregate<A>(options: Aggregation<K, V, A>): KTable<K, A> {
    return this.#table(aggregating(options))
  }

  cogroup<A>(add: CogroupAdder<K, V, A>): CogroupedStream<K, A> {
    return CogroupedNode.of(this.place, add)
  }

  topN(options: TopN<V>): KTable<K, readonly V[]> {
    const { graph, node, key } = this.place
    return new TableNode({ ...this.place, node: graph.add(topNode(node, erase(key), options)) }, listOf(options.value))
  }

  windowedBy(windows: SessionWindows): SessionStream<K, V>
  windowedBy(windows: TimeWindows): WindowedStream<K, V>
  windowedBy(windows: TimeWindows | SessionWindows): WindowedStream<K, V> | SessionStream<K, V> {
    if ((windows as Partial<TimeWindows | SessionWindows> | undefined)?.kind === 'session') {
      return new SessionNode<K, V>(this.place, windows as SessionWindows)
    }
    return new WindowedNode<K, V>(this.place, windows as TimeWindows)
  }

  #table<A>(totals: Totals): KTable<K, A> {
    const { graph, node, key } = this.place
    const name = graph.add({ kind: 'aggregate', inputs: [node], key: erase(key), ...totals })
    return new TableNode({ ...this.place, node: name }, totals.value as unknown as Serde<A>)
  }
}
