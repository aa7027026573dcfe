import type { Header, Serde } from '@millrace/core'
import type { OperatorFunction } from 'rxjs'
import type { Callback, Joiner, KeyValue, Meta } from '../graph/callbacks.ts'
import type { GraphBuilder, NewNode } from '../graph/graph-builder.ts'
import type { Forwarded, StreamRecord } from '../graph/processor.ts'
import type { AnyStore } from '../graph/stores.ts'
import { segmentOf } from '../rx/segment.ts'
import { isValueOperator, unchecked, type ValueOperator } from '../rx/value-operator.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { emitEveryOf } from './emit-every.ts'
import { erase } from './erase.ts'
import { GlobalTableNode, type GlobalTable } from './global-table.ts'
import { GroupedNode, type GroupedStream } from './grouped-stream.ts'
import type { GlobalJoin, KStream, LeftGlobalJoin, RekeyedStream } from './k-stream.ts'
import type { Of, Through } from './options.ts'
import { processNode, type Processing, type ValueProcessing } from './processors.ts'
import { printLine } from './print-line.ts'
import type { Printing } from './record-operators.ts'
import { sinkNode, type ChosenSink } from './sink.ts'
import { branchesOf, type Branches, type BranchValue } from './split.ts'
import { StatefulStream } from './stateful-stream.ts'
import type { KTable } from './k-table.ts'
import { makeTable } from './make-table.ts'
import type { Place, StreamAt } from './place.ts'
import { foreign } from './same-builder.ts'
import { joinTable } from './stream-table-join.ts'
import type { TableNode } from './table-node.ts'
import type { ToTable, Versioned, WithGrace } from './table-options.ts'

/** A stream of what a node emits, in the partition of its key. */
export const streamAt: StreamAt = (graph, node, key) => new StreamNode(graph, node, key)

interface AnyGlobalJoin {
  readonly on: unknown
  readonly join: unknown
}

/** Methods give it instead of the class, so that the compiler compares names of types and no depths. */
type BothKinds<K, V> = KStream<K, V> & RekeyedStream<K, V>

/**
 * Both kinds of stream: each call adds a node to the graph and gives the stream behind it. Where the key was changed there is
 * no serde for it, and the type that the caller sees has no keyed operators.
 */
class StreamNode<K, V> extends StatefulStream<K, V> implements KStream<K, V>, RekeyedStream<K, V> {
  readonly #graph: GraphBuilder
  readonly #node: string
  readonly #key: Serde<K> | undefined

  constructor(graph: GraphBuilder, node: string, key: Serde<K> | undefined) {
    super({ graph, node, key, streamAt })
    this.#graph = graph
    this.#node = node
    this.#key = key
  }

  filter<V2 extends V>(predicate: (value: V, key: K, meta: Meta) => value is V2): BothKinds<K, V2>
  filter(predicate: Of<K, V, boolean>): BothKinds<K, V>
  filter(predicate: Of<K, V, boolean>): BothKinds<K, V> {
    checkFunctions('filter', { predicate })
    return this.#then({ kind: 'filter', inputs: [this.#node], predicate: predicate as Callback<boolean> }, this.#key)
  }

  mapValues<V2>(mapper: Of<K, V, V2>): BothKinds<K, V2> {
    checkFunctions('mapValues', { mapper })
    return this.#then({ kind: 'map-values', inputs: [this.#node], mapper: mapper as Callback }, this.#key)
  }

  map<K2, V2>(mapper: Of<K, V, { readonly key: K2; readonly value: V2 }>): BothKinds<K2, V2> {
    checkFunctions('map', { mapper })
    return this.#then({ kind: 'map', inputs: [this.#node], mapper: mapper as Callback<KeyValue> }, undefined)
  }

  selectKey<K2>(selector: Of<K, V, K2>): BothKinds<K2, V> {
    checkFunctions('selectKey', { selector })
    return this.#then({ kind: 'select-key', inputs: [this.#node], selector: selector as Callback }, undefined)
  }

  merge<V2>(other: KStream<K, V2> | RekeyedStream<K, V2>): BothKinds<K, V | V2> {
    if (!(other instanceof StreamNode) || other.#graph !== this.#graph) throw foreign('merge')
    return this.#then({ kind: 'merge', inputs: [this.#node, other.#node] }, other.#key === undefined ? undefined : this.#key)
  }

  pipe<A>(a: ValueOperator<V, A>): BothKinds<K, A>
  pipe<A, B>(a: ValueOperator<V, A>, b: ValueOperator<A, B>): BothKinds<K, B>
  pipe<A, B, C>(a: ValueOperator<V, A>, b: ValueOperator<A, B>, c: ValueOperator<B, C>): BothKinds<K, C>
  pipe<A, B, C, D>(
    a: ValueOperator<V, A>,
    b: ValueOperator<A, B>,
    c: ValueOperator<B, C>,
    d: ValueOperator<C, D>,
  ): BothKinds<K, D>
  pipe(...operators: readonly unknown[]): BothKinds<K, unknown> {
    if (!operators.every(isValueOperator)) {
      const what = 'pipe takes the operators of @millrace/streams/rx, or unchecked(name, operator)'
      throw streamError('TOPOLOGY_INVALID', { what, where: 'pipe' })
    }
    return this.#then({ kind: 'pipe', inputs: [this.#node], open: segmentOf(operators) }, this.#key)
  }

  groupByKey(): GroupedStream<K, V> {
    return new GroupedNode(this.#keyed('groupByKey'))
  }

  toTable(options: ToTable<K, NonNullable<V>> & { readonly versioned?: Versioned }): TableNode<K, NonNullable<V>> {
    const { emitEvery, others } = emitEveryOf('toTable', options)
    checkOptions('toTable', others, ['store', 'key', 'value', 'versioned'])
    const place = this.#keyed('toTable')
    const { store, key = place.key, value, versioned } = others
    checkSerdes('toTable', { key, value })
    return makeTable('toTable', { ...place, key }, { store, value, topic: null, versioned, emitEvery })
  }

  join<T, R>(table: KTable<K, T>, join: (value: V, other: T, key: K) => R, later?: WithGrace<V>): KStream<K, R> {
    return joinTable('join', this.#keyed('join'), { sides: 'inner', table, join: join as Joiner, later })
  }

  leftJoin<T, R>(table: KTable<K, T>, join: (value: V, other: T | null, key: K) => R, later?: WithGrace<V>): KStream<K, R> {
    return joinTable('leftJoin', this.#keyed('leftJoin'), { sides: 'left', table, join: join as Joiner, later })
  }

  groupBy<K2>(selector: Of<K, V, K2>, through: Through<K2, V>): GroupedStream<K2, V> {
    return this.selectKey(selector).repartition(through).groupByKey()
  }

  repartition(through: Through<K, V>): BothKinds<K, V> {
    checkOptions('repartition', through, ['name', 'key', 'value', 'partitions'])
    const { name: topicName, key, value, partitions = null } = through
    checkSerdes('repartition', { key, value })
    if (partitions !== null) checkCount('repartition, partitions', partitions)
    const node = { inputs: [this.#node], topicName, key: erase(key), value: erase(value), partitions }
    return this.#then({ kind: 'repartition', ...node }, key)
  }

  joinGlobal<K2, T, R>(table: GlobalTable<K2, T>, options: GlobalJoin<K, V, K2, T, R>): BothKinds<K, R> {
    return this.#joinGlobal('joinGlobal', 'inner', table, options)
  }

  leftJoinGlobal<K2, T, R>(table: GlobalTable<K2, T>, options: LeftGlobalJoin<K, V, K2, T, R>): BothKinds<K, R> {
    return this.#joinGlobal('leftJoinGlobal', 'left', table, options)
  }

  #joinGlobal<R>(where: string, sides: 'inner' | 'left', table: object, options: AnyGlobalJoin): BothKinds<K, R> {
    if (!(table instanceof GlobalTableNode) || table.graph !== this.#graph) throw foreign(where)
    checkOptions(where, options, ['on', 'join'])
    checkFunctions(where, { on: options.on, join: options.join })
    const callbacks = { on: options.on as Callback, join: options.join as Joiner }
    return this.#then({ kind: 'join-global', inputs: [this.#node], sides, table: table.store, ...callbacks }, this.#key)
  }

  to(topic: string | Of<K, V, string>, options: ChosenSink<K, V>): void {
    this.#graph.add(sinkNode(this.#node, topic, options))
  }

  filterNot<V2 extends V>(predicate: (value: V, key: K, meta: Meta) => value is V2): BothKinds<K, Exclude<V, V2>>
  filterNot(predicate: Of<K, V, boolean>): BothKinds<K, V>
  filterNot<V2 extends V>(predicate: Of<K, V, boolean>): BothKinds<K, V> | BothKinds<K, Exclude<V, V2>> {
    checkFunctions('filterNot', { predicate })
    const not: Callback<boolean> = (value, key, meta) => !predicate(value as V, key as K, meta)
    return this.#then({ kind: 'filter', inputs: [this.#node], predicate: not }, this.#key)
  }

  flatMap<K2, V2>(mapper: Of<K, V, Iterable<{ readonly key: K2; readonly value: V2 }>>): BothKinds<K2, V2> {
    checkFunctions('flatMap', { mapper })
    return this.#then({ kind: 'flat-map', inputs: [this.#node], mapper: mapper as Callback<Iterable<KeyValue>> }, undefined)
  }

  flatMapValues<V2>(mapper: Of<K, V, Iterable<V2>>): BothKinds<K, V2> {
    checkFunctions('flatMapValues', { mapper })
    return this.#then({ kind: 'flat-map-values', inputs: [this.#node], mapper: mapper as Callback<Iterable<V2>> }, this.#key)
  }

  peek(look: Of<K, V, void>): BothKinds<K, V> {
    checkFunctions('peek', { look })
    return this.#then({ kind: 'peek', inputs: [this.#node], look: look as Callback }, this.#key)
  }

  forEach(look: Of<K, V, void>): void {
    checkFunctions('forEach', { look })
    this.#graph.add({ kind: 'for-each', inputs: [this.#node], look: look as Callback })
  }

  print(options: Printing<K, V>): void {
    this.#graph.add({ kind: 'for-each', inputs: [this.#node], look: printLine(options) })
  }

  split<B extends Branches<K, V>>(given: B): { readonly [N in keyof B]: BothKinds<K, BranchValue<B, N, K, V>> } {
    const branches = branchesOf(given)
    const node = this.#graph.add({ kind: 'split', inputs: [this.#node], branches })
    const streams = branches.map(({ branch }) => {
      const givenName = `${node}-${branch}`
      return [branch, this.#then({ kind: 'branch', inputs: [node], branch, givenName }, this.#key)]
    })
    return Object.fromEntries(streams) as { readonly [N in keyof B]: BothKinds<K, BranchValue<B, N, K, V>> }
  }

  process<K2 = K, V2 = V, S extends AnyStore = AnyStore>(processor: Processing<K, V, K2, V2, S>): BothKinds<K2, V2> {
    const node = processNode('process', processor)
    return this.#then({ kind: 'process', inputs: [this.#node], fixedKey: false, ...node }, undefined)
  }

  processValues<V2 = V, S extends AnyStore = AnyStore>(processor: ValueProcessing<K, V, V2, S>): BothKinds<K, V2> {
    const node = processNode('processValues', processor)
    return this.#then({ kind: 'process', inputs: [this.#node], fixedKey: true, ...node }, this.#key)
  }

  transformWith<K2, V2>(givenName: string, operator: OperatorFunction<StreamRecord<K, V>, Forwarded<K2, V2>>): BothKinds<K2, V2> {
    checkFunctions('transformWith', { operator })
    const open = segmentOf([unchecked(givenName, operator as unknown as OperatorFunction<unknown, unknown>)])
    return this.#then({ kind: 'transform', inputs: [this.#node], givenName, open }, undefined)
  }

  withHeaders(headers: Of<K, V, readonly Header[]>): BothKinds<K, V> {
    checkFunctions('withHeaders', { headers })
    const headersOf = headers as Callback<readonly Header[]>
    return this.#then({ kind: 'with-headers', inputs: [this.#node], headersOf }, this.#key)
  }

  withTimestamp(timestamp: Of<K, V, number>): BothKinds<K, V> {
    checkFunctions('withTimestamp', { timestamp })
    const timestampOf = timestamp as Callback<number>
    return this.#then({ kind: 'with-timestamp', inputs: [this.#node], timestampOf }, this.#key)
  }

  /** Where the stream is, with the serde of its keys. @throws TOPOLOGY_INVALID when the key was changed */
  #keyed(where: string): Place<K> {
    if (this.#key !== undefined) return { graph: this.#graph, node: this.#node, key: this.#key, streamAt }
    throw streamError('TOPOLOGY_INVALID', { what: 'the key was changed: call repartition(...) before', where })
  }

  #then<K2, V2>(node: NewNode, key: Serde<K2> | undefined): BothKinds<K2, V2> {
    return new StreamNode(this.#graph, this.#graph.add(node), key)
  }
}
