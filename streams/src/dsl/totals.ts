/** What the graph knows of count, reduce and aggregate: how a total starts, and how it goes on. */
import { int64, type Serde } from '@millrace/core'
import type { Adder, Starter } from '../graph/callbacks.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { erase } from './erase.ts'
import type { Aggregation, Counting, Reduction } from './options.ts'

export interface Totals {
  readonly store: string
  readonly value: Serde<unknown>
  readonly start: Starter
  readonly add: Adder
}

/** Counts have Kafka's bytes of a Long. */
export function counting(options: Counting): Totals {
  checkOptions('count', options, ['store'])
  return { store: options.store, value: erase(int64), start: () => 1, add: (total) => (total as number) + 1 }
}

export function reducing<K, V>(options: Reduction<K, V>): Totals {
  checkOptions('reduce', options, ['store', 'value', 'add'])
  const { store, value, add } = options
  checkSerdes('reduce', { value })
  checkFunctions('reduce', { add })
  return { store, value: erase(value), start: (first) => first, add: add as Adder }
}

export function aggregating<K, V, A>(options: Aggregation<K, V, A>): Totals {
  checkOptions('aggregate', options, ['store', 'value', 'initial', 'add'])
  const { store, value, initial } = options
  const add = options.add as Adder
  checkSerdes('aggregate', { value })
  checkFunctions('aggregate', { initial, add })
  return { store, value: erase(value), start: (first, key, meta) => add(initial(), first, key, meta), add }
}
