import type { Serde } from '@millrace/core'
import type { GraphBuilder, NewNode } from '../graph/graph-builder.ts'
import { streamError } from '../time/stream-errors.ts'
import type { KStream } from './k-stream.ts'
import type { StreamAt } from './place.ts'
import { streamJoin, type InnerStreamJoin, type LeftStreamJoin, type OuterStreamJoin, type StreamJoins } from './stream-joins.ts'

/** Where a stream is in the graph. */
interface StreamPlace<K> {
  readonly graph: GraphBuilder
  /** The node that emits its records. */
  readonly node: string
  /** Undefined where the key was changed. */
  readonly key: Serde<K> | undefined
  readonly streamAt: StreamAt
}

/** The operators of a stream that keep something in stores of their own. */
export abstract class StatefulStream<K, V> implements StreamJoins<K, V> {
  readonly #place: StreamPlace<K>

  protected constructor(place: StreamPlace<K>) {
    this.#place = place
  }

  joinStream<R, O>(right: KStream<K, R>, options: InnerStreamJoin<K, V, R, O>): KStream<K, O> {
    return this.#then('joinStream', streamJoin('inner', this.#withOther(right, 'joinStream'), options))
  }

  leftJoinStream<R, O>(right: KStream<K, R>, options: LeftStreamJoin<K, V, R, O>): KStream<K, O> {
    return this.#then('leftJoinStream', streamJoin('left', this.#withOther(right, 'leftJoinStream'), options))
  }

  outerJoinStream<R, O>(right: KStream<K, R>, options: OuterStreamJoin<K, V, R, O>): KStream<K, O> {
    return this.#then('outerJoinStream', streamJoin('outer', this.#withOther(right, 'outerJoinStream'), options))
  }

  #withOther(other: unknown, where: string): readonly [string, string] {
    if (other instanceof StatefulStream && other.#place.graph === this.#place.graph) return [this.#place.node, other.#place.node]
    throw streamError('TOPOLOGY_INVALID', { what: 'the other side was not made by the same StreamsBuilder', where })
  }

  #then<O>(where: string, node: NewNode): KStream<K, O> {
    const { graph, key, streamAt } = this.#place
    if (key !== undefined) return streamAt(graph, graph.add(node), key)
    throw streamError('TOPOLOGY_INVALID', { what: 'the key was changed: call repartition(...) before', where })
  }
}
