import { int64, type Serde } from '@millrace/core'
import type { Adder, Callback } from '../graph/callbacks.ts'
import { listOf } from '../time/composed-serdes.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { emitEveryOf, emitting, type Emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import type { KTable } from './k-table.ts'
import type { Counting } from './options.ts'
import type { Place } from './place.ts'
import type { TableAggregation, TableReduction } from './table-options.ts'
import { tableTopNode, type Ranking } from './top-n.ts'

/** Rows of a table in groups. An update of a row subtracts its old value from its group's total, then adds the new one. */
export interface GroupedTable<in out K, V> {
  /** How many rows each group has. @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting & Emitting): KTable<K, number>
  /** @throws as `count` */
  reduce(options: TableReduction<K, V> & Emitting): KTable<K, V>
  /** @throws as `count` */
  aggregate<A>(options: TableAggregation<K, V, A> & Emitting): KTable<K, A>
  /**
   * The first `n` rows of each group in the order of `compare`, of equal ones in the order of their bytes; the whole list, each time that it
   * changes. When one leaves the list, by an update or a deletion, the next best comes up: so all rows of a group are kept, in the store
   * `<store>-rows`, in pages of at most 64. A change writes the page that it falls into (and the list, if that changes). `value` must
   * write the same bytes for a value that it has read, and what is stored fits one `compare`: another order needs another store.
   * @throws as `count`
   */
  topN(options: Ranking<V> & Emitting): KTable<K, readonly V[]>
}

/** Makes the table behind a node. Handed down: tables make groups, and groups tables. */
type TableAt = <K, V>(at: Place<K>, value: Serde<V>) => KTable<K, V>

interface Totals {
  readonly store: string
  readonly start: Callback
  readonly add: Adder
  readonly subtract: Adder
}

export class GroupedTableNode<K, V> implements GroupedTable<K, V> {
  readonly #place: Place<K>
  readonly #tableAt: TableAt

  constructor(place: Place<K>, tableAt: TableAt) {
    this.#place = place
    this.#tableAt = tableAt
  }

  count(options: Counting & Emitting): KTable<K, number> {
    const { emitEvery, others } = emitEveryOf('count', options)
    checkOptions('count', others, ['store'])
    const add: Adder = (total) => (total as number) + 1
    const totals = { store: options.store, start: () => 1, add, subtract: ((total) => (total as number) - 1) as Adder }
    return this.#table(totals, int64, emitEvery)
  }

  reduce(options: TableReduction<K, V> & Emitting): KTable<K, V> {
    const { emitEvery, others } = emitEveryOf('reduce', options)
    checkOptions('reduce', others, ['store', 'value', 'add', 'subtract'])
    const { store, value, add, subtract } = options
    checkSerdes('reduce', { value })
    checkFunctions('reduce', { add, subtract })
    const totals = { store, start: ((first) => first) as Callback, add: add as Adder, subtract: subtract as Adder }
    return this.#table(totals, value, emitEvery)
  }

  aggregate<A>(options: TableAggregation<K, V, A> & Emitting): KTable<K, A> {
    const { emitEvery, others } = emitEveryOf('aggregate', options)
    checkOptions('aggregate', others, ['store', 'value', 'initial', 'add', 'subtract'])
    const { store, value, initial } = options
    const [add, subtract] = [options.add as Adder, options.subtract as Adder]
    checkSerdes('aggregate', { value })
    checkFunctions('aggregate', { initial, add, subtract })
    const start: Callback = (first, key, meta) => add(initial(), first, key, meta)
    return this.#table({ store, start, add, subtract }, value, emitEvery)
  }

  topN(options: Ranking<V> & Emitting): KTable<K, readonly V[]> {
    const { emitEvery, others } = emitEveryOf('topN', options)
    const { graph, node, key } = this.#place
    const at = { ...this.#place, node: graph.add(tableTopNode(node, erase(key), others)) }
    return this.#tableAt(emitting(at, emitEvery), listOf(options.value))
  }

  #table<A>(totals: Totals, value: Serde<A>, emitEvery: 'update' | 'commit'): KTable<K, A> {
    const { graph, node, key } = this.#place
    const name = graph.add({ kind: 'table-aggregate', inputs: [node], key: erase(key), value: erase(value), ...totals })
    return this.#tableAt(emitting({ ...this.#place, node: name }, emitEvery), value)
  }
}
