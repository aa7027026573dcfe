import type { Serde } from '@millrace/core'
import type { SessionWindows, TimeWindows } from '../time/windows.ts'
import { CogroupedNode, type CogroupAdder, type CogroupedStream } from './cogrouped-stream.ts'
import { listOf } from '../time/composed-serdes.ts'
import { emitEveryOf, emitting, type Emitting } from './emit-every.ts'
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
  count(options: Counting & Emitting): KTable<K, number>
  /** @throws as `count` */
  reduce(options: Reduction<K, V> & Emitting): KTable<K, V>
  /** A null key or value is dropped and counted. @throws as `count` */
  aggregate<A>(options: Aggregation<K, V, A> & Emitting): KTable<K, A>
  /** Several groups with the same keys, one total a key (KIP-150). `add` is for the values of this one. @throws INVALID_STREAM_OPTION */
  cogroup<A>(add: CogroupAdder<K, V, A>): CogroupedStream<K, A>
  /**
   * The first `n` values of each key in the order of `compare`; the whole list, each time that it changes. A null key or value is
   * dropped and counted. @throws as `count`
   */
  topN(options: TopN<V> & Emitting): KTable<K, readonly V[]>
  /** @throws WINDOW_INVALID */
  windowedBy(windows: SessionWindows): SessionStream<K, V>
  windowedBy(windows: TimeWindows): WindowedStream<K, V>
}

export class GroupedNode<K, V> extends Placed<K> implements GroupedStream<K, V> {
  count(options: Counting & Emitting): KTable<K, number> {
    const { emitEvery, others } = emitEveryOf('count', options)
    return this.#table(counting(others), emitEvery)
  }

  reduce(options: Reduction<K, V> & Emitting): KTable<K, V> {
    const { emitEvery, others } = emitEveryOf('reduce', options)
    return this.#table(reducing(others), emitEvery)
  }

  aggregate<A>(options: Aggregation<K, V, A> & Emitting): KTable<K, A> {
    const { emitEvery, others } = emitEveryOf('aggregate', options)
    return this.#table(aggregating(others), emitEvery)
  }

  cogroup<A>(add: CogroupAdder<K, V, A>): CogroupedStream<K, A> {
    return CogroupedNode.of(this.place, add)
  }

  topN(options: TopN<V> & Emitting): KTable<K, readonly V[]> {
    const { graph, node, key } = this.place
    const { emitEvery, others } = emitEveryOf('topN', options)
    const at = { ...this.place, node: graph.add(topNode(node, erase(key), others)) }
    return new TableNode(emitting(at, emitEvery), listOf(options.value))
  }

  windowedBy(windows: SessionWindows): SessionStream<K, V>
  windowedBy(windows: TimeWindows): WindowedStream<K, V>
  windowedBy(windows: TimeWindows | SessionWindows): WindowedStream<K, V> | SessionStream<K, V> {
    if ((windows as Partial<TimeWindows | SessionWindows> | undefined)?.kind === 'session') {
      return new SessionNode<K, V>(this.place, windows as SessionWindows)
    }
    return new WindowedNode<K, V>(this.place, windows as TimeWindows)
  }

  #table<A>(totals: Totals, emitEvery: 'update' | 'commit'): KTable<K, A> {
    const { graph, node, key } = this.place
    const name = graph.add({ kind: 'aggregate', inputs: [node], key: erase(key), ...totals })
    return new TableNode(emitting({ ...this.place, node: name }, emitEvery), totals.value as unknown as Serde<A>)
  }
}
