import { int64, type Serde } from '@millrace/core'
import type { Adder, Callback } from '../graph/callbacks.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { emitEveryOf, emitting, type Emitting } from './emit-every.ts'
import { erase } from './erase.ts'
import type { KTable } from './k-table.ts'
import type { Counting } from './options.ts'
import type { Place } from './place.ts'
import type { TableAggregation, TableReduction } from './table-options.ts'

/** Rows of a table in groups. An update of a row subtracts its old value from its group's total, then adds the new one. */
export interface GroupedTable<in out K, V> {
  /** How many rows each group has. @throws TOPOLOGY_NAME_MISSING, TOPOLOGY_NAME_INVALID, TOPOLOGY_NAME_TAKEN, INVALID_STREAM_OPTION */
  count(options: Counting & Emitting): KTable<K, number>
  /** @throws as `count` */
  reduce(options: TableReduction<K, V> & Emitting): KTable<K, V>
  /** @throws as `count` */
  aggregate<A>(options: TableAggregation<K, V, A> & Emitting): KTable<K, A>
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

  #table<A>(totals: Totals, value: Serde<A>, emitEvery: 'update' | 'commit'): KTable<K, A> {
    const { graph, node, key } = this.#place
    const name = graph.add({ kind: 'table-aggregate', inputs: [node], key: erase(key), value: erase(value), ...totals })
    return this.#tableAt(emitting({ ...this.#place, node: name }, emitEvery), value)
  }
}
