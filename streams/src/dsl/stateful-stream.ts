import type { Serde } from '@millrace/core'
import type { Joiner } from '../graph/callbacks.ts'
import type { GraphBuilder, NewNode } from '../graph/graph-builder.ts'
import type { VirtualPipeline } from '../rx/virtual-run.ts'
import { checkFunctions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import type { Windows } from '../time/windows.ts'
import {
  bufferCountNode,
  debounceTimeNode,
  deduplicateNode,
  delayNode,
  distinctNode,
  distinctUntilChangedNode,
  pairwiseNode,
  scanNode,
  skipNode,
  takeNode,
  throttleTimeNode,
  timeoutNode,
  type Behind,
} from './durable-nodes.ts'
import type {
  ComparedBy,
  Counted,
  Deduplicate,
  DeduplicateBy,
  DurableOperators,
  DurableValues,
  Scan,
  Timed,
  TimedValuesOf,
  Timeout,
} from './durable-operators.ts'
import { erase } from './erase.ts'
import { asyncMapping, type AsyncMapping, type AsyncMappings, type CallsOutside } from './async-mappings.ts'
import type { KStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import type { StreamAt } from './place.ts'
import { streamJoin, type InnerStreamJoin, type LeftStreamJoin, type OuterStreamJoin, type StreamJoins } from './stream-joins.ts'
import { joinTable } from './stream-table-join.ts'
import { recordsIn, replayNode, type WindowedPipelines, type WindowedRecords } from './windowed-pipeline.ts'

/** Where a stream is in the graph. */
interface StreamPlace<K> {
  readonly graph: GraphBuilder
  /** The node that emits its records. */
  readonly node: string
  /** Undefined where the key was changed. */
  readonly key: Serde<K> | undefined
  readonly streamAt: StreamAt
}

const pairOf: Joiner = (value, latest) => [value, latest]

/** The operators of a stream that keep something in stores of their own. */
export abstract class StatefulStream<K, V>
  implements StreamJoins<K, V>, AsyncMappings<K, V>, DurableOperators<K, V>, WindowedPipelines<K, V>
{
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

  mapAsync<R>(call: CallsOutside<K, V, R>, options: AsyncMapping<K, V>): KStream<K, R> {
    return this.#then('mapAsync', asyncMapping('mapAsync', this.#place.node, call, options))
  }

  flatMapAsync<R>(call: CallsOutside<K, V, Iterable<R>>, options: AsyncMapping<K, V>): KStream<K, R> {
    return this.#then('flatMapAsync', asyncMapping('flatMapAsync', this.#place.node, call, options))
  }

  scan<A>(options: Scan<K, V, A>): KStream<K, A> {
    return this.#then('scan', scanNode(this.#behind('scan'), options))
  }

  distinct<S>(options: DurableValues<V> | ComparedBy<K, V, S>): KStream<K, V> {
    return this.#then('distinct', distinctNode(this.#behind('distinct'), options))
  }

  distinctUntilChanged<S>(options: DurableValues<V> | ComparedBy<K, V, S>): KStream<K, V> {
    return this.#then('distinctUntilChanged', distinctUntilChangedNode(this.#behind('distinctUntilChanged'), options))
  }

  pairwise(options: DurableValues<V>): KStream<K, readonly [V, V]> {
    return this.#then('pairwise', pairwiseNode(this.#behind('pairwise'), options))
  }

  bufferCount(options: DurableValues<V> & Counted): KStream<K, readonly V[]> {
    return this.#then('bufferCount', bufferCountNode(this.#behind('bufferCount'), options))
  }

  take(options: Counted): KStream<K, V> {
    return this.#then('take', takeNode(this.#behind('take'), options))
  }

  skip(options: Counted): KStream<K, V> {
    return this.#then('skip', skipNode(this.#behind('skip'), options))
  }

  debounceTime(options: TimedValuesOf<V>): KStream<K, V> {
    return this.#then('debounceTime', debounceTimeNode(this.#behind('debounceTime'), options))
  }

  throttleTime(options: Timed): KStream<K, V> {
    return this.#then('throttleTime', throttleTimeNode(this.#behind('throttleTime'), options))
  }

  delay(options: TimedValuesOf<V>): KStream<K, V> {
    return this.#then('delay', delayNode(this.#behind('delay'), options))
  }

  timeout<R>(options: Timeout<K, V, R>): KStream<K, V | R> {
    return this.#then('timeout', timeoutNode(this.#behind('timeout'), options))
  }

  deduplicate<S>(options: Deduplicate | DeduplicateBy<K, V, S>): KStream<K, V> {
    return this.#then('deduplicate', deduplicateNode(this.#behind('deduplicate'), options))
  }

  withLatestFrom<T>(table: KTable<K, T>): KStream<K, readonly [V, T]>
  withLatestFrom<T, R>(table: KTable<K, T>, project: (value: V, latest: T, key: K) => R): KStream<K, R>
  withLatestFrom<T, R>(table: KTable<K, T>, project?: (value: V, latest: T, key: K) => R): KStream<K, R> {
    const place = { ...this.#place, key: this.#keyOf('withLatestFrom') }
    const join = (project ?? pairOf) as Joiner
    return joinTable('withLatestFrom', place, { sides: 'inner', table, join, later: undefined })
  }

  windowed<R>(windows: Windows, options: WindowedRecords<V>, pipeline: VirtualPipeline<K, V, R>): KStream<Windowed<K>, R> {
    const { graph, node, streamAt } = this.#place
    const place = { graph, node, key: this.#keyOf('windowed'), streamAt }
    checkFunctions('windowed', { pipeline })
    const lists = recordsIn<K, V>(place, windows, options).emitFinal()
    const closed = (lists as unknown as StatefulStream<Windowed<K>, unknown>).#place.node
    return streamAt(graph, graph.add(replayNode(closed, pipeline)), windowed(place.key, windows))
  }

  #behind(where: string): Behind {
    return { input: this.#place.node, key: erase(this.#keyOf(where)) }
  }

  #withOther(other: unknown, where: string): readonly [string, string] {
    if (other instanceof StatefulStream && other.#place.graph === this.#place.graph) return [this.#place.node, other.#place.node]
    throw streamError('TOPOLOGY_INVALID', { what: 'the other side was not made by the same StreamsBuilder', where })
  }

  #then<O>(where: string, node: NewNode): KStream<K, O> {
    const { graph, streamAt } = this.#place
    return streamAt(graph, graph.add(node), this.#keyOf(where))
  }

  #keyOf(where: string): Serde<K> {
    const { key } = this.#place
    if (key !== undefined) return key
    throw streamError('TOPOLOGY_INVALID', { what: 'the key was changed: call repartition(...) before', where })
  }
}
