import type { Serde } from '@millrace/core'
import type { NewNode } from '../graph/graph-builder.ts'
import { listOf } from '../time/composed-serdes.ts'
import { checkCount, checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import type { DurableValues } from './durable-operators.ts'
import { erase } from './erase.ts'

/** Which values of a key are its best. */
export interface TopN<V> extends DurableValues<V> {
  /** How many, from 1. */
  readonly n: number
  /** Below 0: `a` comes before `b`; as for `Array.sort`. */
  readonly compare: (a: V, b: V) => number
  /**
   * What a value is about, a text or a number: a newer value takes the place of the older one, also when it ranks lower; what had
   * fallen out does not come back for that. Default: each value stands for itself.
   */
  readonly by?: (value: V) => string | number
}

export function topNode<V>(input: string, key: Serde<unknown>, options: TopN<V>): NewNode {
  checkOptions('topN', options, ['store', 'n', 'compare', 'by', 'value'])
  const { store, n: count, compare, by = null, value } = options
  checkSerdes('topN', { value })
  checkCount('topN, n', count)
  checkFunctions('topN', by === null ? { compare } : { compare, by })
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
