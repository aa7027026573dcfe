import type { KStream } from './k-stream.ts'
import type { Place } from './place.ts'

/** The newest value of each key, and every update on the way to it. */
export interface KTable<in out K, V> {
  /** Every update as a record; null is a deletion. */
  toStream(): KStream<K, V | null>
}

export class TableNode<K, V> implements KTable<K, V> {
  readonly #at: Place<K>

  constructor(at: Place<K>) {
    this.#at = at
  }

  toStream(): KStream<K, V | null> {
    const { graph, node, key, streamAt } = this.#at
    return streamAt(graph, graph.add({ kind: 'to-stream', inputs: [node] }), key)
  }
}
