import type { Serde } from '@millrace/core'
import { historyOf } from '../graph/table-facts.ts'
import { checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { checkSuppression, type Suppression } from '../time/suppression.ts'
import { windowsOf } from '../time/windowed.ts'
import { erase } from './erase.ts'
import type { Place } from './place.ts'

/** How a table holds its updates back. */
export interface Suppressing<K, V> {
  /** Names the store that holds them, and its changelog. */
  readonly store: string
  readonly value: Serde<V>
  readonly until: Suppression<K>
}

/** Adds the node to the graph and gives its name. */
export function suppressing<K, V>({ graph, node, key }: Place<K>, options: Suppressing<K, V>): string {
  checkOptions('suppress', options, ['store', 'value', 'until'])
  const { store, value, until } = options
  checkSerdes('suppress', { value })
  checkSuppression(until)
  if (historyOf(graph, node) !== null) {
    throw streamError('TOPOLOGY_INVALID', {
      what: 'a table that keeps older versions cannot hold its updates back',
      where: store,
    })
  }
  const windows = windowsOf(key)
  if (windows === null && until.until === 'window-closes') {
    const what = 'the keys of the table have no windows to wait for; use suppress.untilTimeLimit(...)'
    throw streamError('TOPOLOGY_INVALID', { what, where: store })
  }
  return graph.add({ kind: 'suppress', inputs: [node], store, key: erase(key), value: erase(value), suppression: until, windows })
}
