import { int64, type Serde } from '@millrace/core'
import type { Adder, Callback } from '../graph/callbacks.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { erase } from './erase.ts'
import type { KTable } from './k-table.ts'
import type { Counting } from './options.ts'
import type { Place } from './place.ts'
import type { TableAggregation, TableReduction } from './table-options.ts'

/** Rows of a table in groups. An update of a row subtracts its old value from its group's total, then adds the new one. */
export interface GroupedTable<in out K, V> {
  /** How many rows each group has. @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting): KTable<K, number>
  /** @throws as `count` */
  reduce(options: TableReduction<K, V>): KTable<K, V>
  /** @throws as `count` */
  aggregate<A>(options: TableAggregation<K, V, A>): KTable<K, A>
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

  count(options: Counting): KTable<K, number> {
    checkOptions('count', options, ['store'])
    const add: Adder = (total) => (total as number) + 1
    return this.#table({ store: options.store, start: () => 1, add, subtract: (total) => (total as number) - 1 }, int64)
  }

  reduce(options: TableReduction<K, V>): KTable<K, V> {
    checkOptions('reduce', options, ['store', 'value', 'add', 'subtract'])
    const { store, value, add, subtract } = options
    checkSerdes('reduce', { value })
    checkFunctions('reduce', { add, subtract })
    return this.#table({ store, start: (first) => first, add: add as Adder, subtract: subtract as Adder }, value)
  }

  aggregate<A>(options: TableAggregation<K, V, A>): KTable<K, A> {
    checkOptions('aggregate', options, ['store', 'value', 'initial', 'add', 'subtract'])
    const { store, value, initial } = options
    const [add, subtract] = [options.add as Adder, options.subtract as Adder]
    checkSerdes('aggregate', { value })
    checkFunctions('aggregate', { initial, add, subtract })
    return this.#table({ store, start: (first, key, meta) => add(initial(), first, key, meta), add, subtract }, value)
  }

  #table<A>(totals: Totals, value: Serde<A>): KTable<K, A> {
    const { graph, node, key } = this.#place
    const name = graph.add({ kind: 'table-aggregate', inputs: [node], key: erase(key), value: erase(value), ...totals })
    return this.#tableAt({ ...this.#place, node: name }, value)
  }
}
