import { int64, type Serde } from '@millrace/core'
import type { NewNode } from '../graph/graph-builder.ts'
import { checkName } from '../graph/names.ts'
import { rankedPages } from '../graph/ranked-pages.ts'
import { listOf, paired } from '../time/composed-serdes.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import type { DurableValues } from './durable-operators.ts'
import { erase } from './erase.ts'

/** Which values are the best. */
export interface Ranking<V> extends DurableValues<V> {
  /** How many, from 1. */
  readonly n: number
  /** Below 0: `a` comes before `b`; as for `Array.sort`. */
  readonly compare: (a: V, b: V) => number
}

/** Which values of a key are its best. */
export interface TopN<V> extends Ranking<V> {
  /**
   * What a value is about, a text or a number: a newer value takes the place of the older one, also when it ranks lower; what had
   * fallen out does not come back for that. Default: each value stands for itself.
   */
  readonly by?: (value: V) => string | number
}

export function topNode<V>(input: string, key: Serde<unknown>, options: TopN<V>): NewNode {
  checkOptions('topN', options, ['store', 'n', 'compare', 'by', 'value'])
  const { store, n: count, compare, by = null, value } = options
  checkRanking(options)
  if (by !== null) checkFunctions('topN', { by })
  const kept = [{ kind: 'keyValue', name: store, key, value: erase(listOf(value)) } as const]
  return {
    kind: 'top-n',
    inputs: [input],
    kept,
    times: [],
    state: store,
    count,
    compare: compare as (a: unknown, b: unknown) => number,
    by: by as ((one: unknown) => unknown) | null,
  }
}

export function tableTopNode<V>(input: string, key: Serde<unknown>, options: Ranking<V>): NewNode {
  checkOptions('topN', options, ['store', 'n', 'compare', 'value'])
  const { store, n: count, compare, value } = options
  checkRanking(options)
  checkName('the store of topN', store)
  const rows = `${store}-rows`
  const pages = {
    kind: 'keyValue',
    name: rows,
    key: erase(paired(key, int64)),
    value: erase(rankedPages(value)),
    isInner: true,
  } as const
  return {
    kind: 'table-top-n',
    inputs: [input],
    kept: [{ kind: 'keyValue', name: store, key, value: erase(listOf(value)) }, pages],
    times: [],
    state: store,
    rows,
    count,
    value: erase(value),
    compare: compare as (a: unknown, b: unknown) => number,
  }
}

function checkRanking<V>({ n, compare, value }: Ranking<V>): void {
  checkSerdes('topN', { value })
  checkCount('topN, n', n)
  checkFunctions('topN', { compare })
}
