/** What the graph knows of count, reduce and aggregate: how a total starts, and how it goes on. */
import { int64, type Serde } from '@millrace/core'
import type { Adder, SessionMerge, Starter } from '../graph/callbacks.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { erase } from './erase.ts'
import type { Aggregation, Counting, Reduction, SessionAggregation, SessionReduction } from './options.ts'

export interface Totals {
  readonly store: string
  readonly value: Serde<unknown>
  readonly start: Starter
  readonly add: Adder
}

/** Totals of sessions. */
export interface SessionTotals extends Totals {
  readonly sessions: SessionMerge
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

export function sessionCounting(options: Counting): SessionTotals {
  const merge = (total: unknown, other: unknown): number => (total as number) + (other as number)
  return { ...counting(options), sessions: { initial: () => 0, merge } }
}

/** Before the first session there is no total, as in Kafka; the values of two sessions are reduced as two values are. */
export function sessionReducing<K, V>(options: SessionReduction<K, V>): SessionTotals {
  const { add } = options
  const merge = (total: unknown, other: unknown, key: unknown): unknown =>
    total === noTotal ? other : add(total as V, other as V, key as K)
  return { ...reducing(options as Reduction<K, V>), sessions: { initial: () => noTotal, merge } }
}

const noTotal: unique symbol = Symbol('no total')

export function sessionAggregating<K, V, A>(options: SessionAggregation<K, V, A>): SessionTotals {
  checkOptions('aggregate', options, ['store', 'value', 'initial', 'add', 'merge'])
  const { merge, ...others } = options
  checkFunctions('aggregate', { merge })
  return { ...aggregating(others), sessions: { initial: options.initial, merge: merge as SessionMerge['merge'] } }
}
