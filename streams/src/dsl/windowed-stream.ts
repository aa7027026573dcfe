import { windowed, type Windowed } from '../time/windowed.ts'
import { checkWindows, type Windows } from '../time/windows.ts'
import { erase } from './erase.ts'
import type { KStream } from './k-stream.ts'
import type { Aggregation, Counting, Reduction } from './options.ts'
import type { Place } from './place.ts'
import { aggregating, counting, reducing, type Totals } from './totals.ts'

/** Records in groups of equal keys and windows. */
export interface WindowedStream<in out K, V> {
  /** @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting): WindowTable<K, number>
  /** @throws as `count` */
  reduce(options: Reduction<K, V>): WindowTable<K, V>
  /** A null value is dropped and counted; so is a record for a window that is closed. @throws as `count` */
  aggregate<A>(options: Aggregation<K, V, A>): WindowTable<K, A>
}

/** Totals of windows. Not yet a stream: the caller says when a row is emitted. */
export interface WindowTable<in out K, A> {
  /**
   * Each row once, when its window is closed (KIP-825): windows in their order, the keys of one in the order of their bytes. A
   * row has the timestamp of the newest record in it, and leaves the store.
   */
  emitFinal(): KStream<Windowed<K>, A>
}

export class WindowedNode<K, V> implements WindowedStream<K, V> {
  readonly #place: Place<K>
  readonly #windows: Windows

  constructor(place: Place<K>, windows: Windows) {
    this.#place = place
    this.#windows = checkWindows(windows)
  }

  count(options: Counting): WindowTable<K, number> {
    return this.#table(counting(options))
  }

  reduce(options: Reduction<K, V>): WindowTable<K, V> {
    return this.#table(reducing(options))
  }

  aggregate<A>(options: Aggregation<K, V, A>): WindowTable<K, A> {
    return this.#table(aggregating(options))
  }

  #table<A>(totals: Totals): WindowTable<K, A> {
    const { graph, node, key, streamAt } = this.#place
    const windows = this.#windows
    const name = graph.add({ kind: 'window-aggregate', inputs: [node], windows, key: erase(key), ...totals })
    return { emitFinal: () => streamAt(graph, name, windowed(key, windows)) }
  }
}
