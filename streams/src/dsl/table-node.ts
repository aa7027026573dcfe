import { nullable, type Serde, type Serializer } from '@millrace/core'
import type { Callback, Joiner, KeyValue } from '../graph/callbacks.ts'
import { sinkOf } from '../graph/cut.ts'
import { answer, chunkKey, subscribers, subscription } from '../graph/foreign-serdes.ts'
import type { NewNode } from '../graph/graph-builder.ts'
import { checkName } from '../graph/names.ts'
import { historyOf, isReadable, knowsReplaced } from '../graph/table-facts.ts'
import type { JoinKind } from '../graph/table-nodes.ts'
import { changed } from '../graph/table-serdes.ts'
import type { Duration } from '../time/duration.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { windowsOf } from '../time/windowed.ts'
import { windowsName } from '../time/windows.ts'
import { emitEveryOf, emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import { GroupedTableNode, type GroupedTable } from './grouped-table.ts'
import type { KStream } from './k-stream.ts'
import type { KTable, VersionedTable } from './k-table.ts'
import type { Of, Through } from './options.ts'
import type { Place } from './place.ts'
import { foreign } from './same-builder.ts'
import { suppressing, type Suppressing } from './suppress.ts'
import type { ForeignJoin, Grouping, Kept } from './table-options.ts'

/** A table in the graph: each call adds a node and gives the table behind it. */
export class TableNode<K, V> implements VersionedTable<K, V> {
  readonly at: Place<K>
  /** Known where the values lie in a store. */
  readonly value: Serde<V> | undefined

  constructor(at: Place<K>, value: Serde<V> | undefined) {
    this.at = at
    this.value = value
  }

  /** The type says so only where it is. */
  get historyRetention(): Duration {
    return historyOf(this.at.graph, this.at.node) as Duration
  }

  toStream(): KStream<K, V | null> {
    const { graph, node, key, streamAt } = this.at
    return streamAt(graph, graph.add({ kind: 'to-stream', inputs: [node] }), key)
  }

  filter<V2 extends V>(predicate: Of<K, V, boolean>, kept?: Kept<V2>): TableNode<K, V2> {
    checkFunctions('filter', { predicate })
    return this.#filtered('filter', predicate as Callback<boolean>, kept)
  }

  filterNot(predicate: Of<K, V, boolean>, kept?: Kept<V>): TableNode<K, V> {
    checkFunctions('filterNot', { predicate })
    const passes = predicate as Callback<boolean>
    return this.#filtered('filterNot', (value, key, meta) => !passes(value, key, meta), kept)
  }

  mapValues<V2>(mapper: Of<K, V, V2 | null>, kept?: Kept<V2>): TableNode<K, V2> {
    checkFunctions('mapValues', { mapper })
    const node = { kind: 'table-map-values', inputs: [this.at.node], mapper: mapper as Callback } as const
    return this.#kept('mapValues', node, undefined, kept)
  }

  groupBy<K2, V2>(selector: Of<K, V, Grouping<K2, V2>>, through: Through<K2, V2>): GroupedTable<K2, V2> {
    checkFunctions('groupBy', { selector })
    checkOptions('groupBy', through, ['name', 'key', 'value', 'partitions'])
    const { name: topicName, key, value, partitions = null } = through
    checkSerdes('groupBy', { key, value })
    if (partitions !== null) checkCount('groupBy, partitions', partitions)
    this.#checkReplaced('groupBy')
    const { graph, streamAt } = this.at
    const regroup = {
      kind: 'table-regroup',
      inputs: [this.at.node],
      key: erase(key),
      selector: selector as Callback<KeyValue>,
    } as const
    const topic = { kind: 'repartition', topicName, key: erase(key), value: erase(changed(value)), partitions } as const
    const node = graph.add({ ...topic, inputs: [graph.add(regroup)] })
    return new GroupedTableNode({ graph, node, key, streamAt }, (at, stored) => new TableNode(at, stored))
  }

  join<T, R>(other: KTable<K, T>, join: (value: V, other: T, key: K) => R | null, kept?: Kept<R>): TableNode<K, R> {
    return this.#joined('join', 'inner', other, join as Joiner, kept)
  }

  leftJoin<T, R>(other: KTable<K, T>, join: (value: V, other: T | null, key: K) => R | null, kept?: Kept<R>): TableNode<K, R> {
    return this.#joined('leftJoin', 'left', other, join as Joiner, kept)
  }

  outerJoin<T, R>(
    other: KTable<K, T>,
    join: (value: V | null, other: T | null, key: K) => R | null,
    kept?: Kept<R>,
  ): TableNode<K, R> {
    return this.#joined('outerJoin', 'outer', other, join as Joiner, kept)
  }

  joinForeign<K2, T, R>(other: KTable<K2, T>, options: ForeignJoin<K, V, K2, T, R>, kept?: Kept<R>): TableNode<K, R> {
    return this.#joinedForeign('joinForeign', 'inner', other, options, kept)
  }

  leftJoinForeign<K2, T, R>(other: KTable<K2, T>, options: ForeignJoin<K, V, K2, T, R, null>, kept?: Kept<R>): TableNode<K, R> {
    return this.#joinedForeign('leftJoinForeign', 'left', other, options, kept)
  }

  suppress(options: Suppressing<K, V>): TableNode<K, V> {
    return new TableNode({ ...this.at, node: suppressing(this.at, options) }, options.value)
  }

  /** @throws TOPOLOGY_INVALID when its rows cannot be looked up */
  checkReadable(where: string): void {
    if (isReadable(this.at.graph, this.at.node)) return
    throw streamError('TOPOLOGY_INVALID', {
      what: 'the rows of this table are not stored; give the operator that makes it a store',
      where: `${where}, ${this.at.node}`,
    })
  }

  #checkReplaced(where: string): void {
    if (knowsReplaced(this.at.graph, this.at.node)) return
    throw streamError('TOPOLOGY_INVALID', {
      what: 'the values that updates replace are not known; give the operator that makes the table a store',
      where: `${where}, ${this.at.node}`,
    })
  }

  #filtered<V2 extends V>(where: string, predicate: Callback<boolean>, kept: Kept<V2> | undefined): TableNode<K, V2> {
    const { graph, node } = this.at
    const quiet = knowsReplaced(graph, node) && historyOf(graph, node) === null
    const filter = { kind: 'table-filter', inputs: [node], predicate, quiet } as const
    return this.#kept(where, filter, this.value as unknown as Serde<V2> | undefined, kept)
  }

  #joined<T, R>(where: string, sides: JoinKind, other: KTable<K, T>, join: Joiner, kept: Kept<R> | undefined): TableNode<K, R> {
    const right = tableOf(where, this, other)
    checkFunctions(where, { join })
    for (const table of [this, right]) table.checkReadable(where)
    checkWindows(where, this.at.key, right.at.key)
    return this.#kept(where, { kind: 'table-join', inputs: [this.at.node, right.at.node], join, sides }, undefined, kept)
  }

  #joinedForeign<K2, T, R, Missing>(
    where: string,
    sides: 'inner' | 'left',
    other: KTable<K2, T>,
    options: ForeignJoin<K, V, K2, T, R, Missing>,
    kept: Kept<R> | undefined,
  ): TableNode<K, R> {
    const right = tableOf<K2, T>(where, this, other)
    checkOptions(where, options, ['name', 'on', 'join', 'value', 'foreignValue'])
    const { name, on, join, value = this.value, foreignValue = right.value } = options
    checkName(`the join of ${where}`, name)
    checkFunctions(where, { on, join })
    checkSerdes(where, { value, foreignValue })
    for (const table of [this, right]) table.checkReadable(where)
    const parts = { name, on: on as Callback, sides, value: erase(value!), foreignValue: erase(foreignValue!) }
    const { answers, asks } = this.#answered(parts, right as unknown as TableNode<unknown, unknown>)
    const inputs = [answers, this.at.node]
    const resolve = {
      kind: 'foreign-resolve',
      inputs,
      on: parts.on,
      asks,
      join: join as Joiner,
      sides,
      value: parts.value,
    } as const
    return this.#kept(where, resolve, undefined, kept)
  }

  /** The node that reads the answers of the right side, and the sink that asks for them. */
  #answered(
    { name, on, sides, value, foreignValue }: ForeignParts,
    right: TableNode<unknown, unknown>,
  ): { readonly answers: string; readonly asks: string } {
    const { graph, node } = this.at
    const primaryKey = erase(this.at.key)
    const foreignKey = right.at.key
    const wanted = graph.add({ kind: 'foreign-subscribe', inputs: [node], on, sides, foreignKey, value })
    const subscriptions = graph.add({
      kind: 'repartition',
      inputs: [wanted],
      topicName: `${name}-subscriptions`,
      key: erase(nullable(foreignKey)),
      value: erase(subscription(primaryKey)),
      partitions: null,
      follows: true,
      // A subscription to nothing is answered anywhere; its row's own key keeps it in order with itself.
      route: (key, wants) => (key === null ? primaryKey.write((wants as { readonly primaryKey: unknown }).primaryKey) : null),
    })
    const answered = graph.add({
      kind: 'foreign-answer',
      inputs: [subscriptions, right.at.node],
      store: `${name}-subscribers`,
      key: erase(chunkKey(foreignKey)),
      value: erase(subscribers(primaryKey)),
      primaryKey,
    })
    const answers = graph.add({
      kind: 'repartition',
      inputs: [answered],
      topicName: `${name}-answers`,
      key: primaryKey,
      value: erase(answer(foreignValue)),
      partitions: null,
      follows: true,
      // Back to where the left row lies, however its own topic is partitioned.
      route: (_key, given) => (given as { readonly partition: number }).partition,
    })
    return { answers, asks: sinkOf(subscriptions) }
  }

  /** The table that the node makes, stored if the caller wants it. */
  #kept<V2>(where: string, node: NewNode, value: Serde<V2> | undefined, kept: Kept<V2> | undefined): TableNode<K, V2> {
    const { graph, key } = this.at
    if (kept === undefined) return new TableNode({ ...this.at, node: graph.add(node) }, value)
    const { emitEvery, others } = emitEveryOf(where, kept)
    checkOptions(where, others, ['store', 'value'])
    checkSerdes(where, { value: kept.value })
    checkName(`the store of ${where}`, kept.store)
    const inputs = [graph.add(node)]
    const name = graph.add({ kind: 'materialize', inputs, store: kept.store, key: erase(key), value: erase(kept.value) })
    return new TableNode(emitting({ ...this.at, node: name }, emitEvery), kept.value)
  }
}

interface ForeignParts {
  readonly name: string
  readonly on: Callback
  readonly sides: 'inner' | 'left'
  readonly value: Serde<unknown>
  readonly foreignValue: Serde<unknown>
}

/** The bytes of a window hold only its start: of other windows it is another window. @throws TOPOLOGY_INVALID */
function checkWindows(where: string, left: Serializer<never>, right: Serializer<never>): void {
  const [one, other] = [windowsOf(left), windowsOf(right)]
  if (one === null || other === null || windowsName(one) === windowsName(other)) return
  throw streamError('TOPOLOGY_INVALID', {
    what: 'the keys of the two tables have other windows',
    where,
    expected: windowsName(one),
    received: windowsName(other),
  })
}

/** The node behind the other table. @throws TOPOLOGY_INVALID when it is of another builder */
function tableOf<K, V>(where: string, one: { readonly at: Pick<Place<never>, 'graph'> }, other: KTable<K, V>): TableNode<K, V> {
  if (!(other instanceof TableNode) || other.at.graph !== one.at.graph) throw foreign(where)
  return other as TableNode<K, V>
}
