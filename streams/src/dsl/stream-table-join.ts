import type { Serde } from '@millrace/core'
import type { Joiner } from '../graph/callbacks.ts'
import { waiting } from '../graph/table-serdes.ts'
import { isDuration } from '../time/duration.ts'
import { checkFunctions, checkOptions, checkSerdes } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import { erase } from './erase.ts'
import type { KStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import type { Place } from './place.ts'
import { foreign } from './same-builder.ts'
import { TableNode } from './table-node.ts'
import type { WithGrace } from './table-options.ts'

interface JoinParts<K, V, T> {
  readonly sides: 'inner' | 'left'
  readonly table: KTable<K, T>
  readonly join: Joiner
  readonly later: WithGrace<V> | undefined
}

/** Adds the join of a stream and a table. @throws TOPOLOGY_INVALID, INVALID_STREAM_OPTION, TOPOLOGY_NAME_MISSING, … */
export function joinTable<K, V, T, R>(
  where: string,
  { graph, node, key, streamAt }: Place<K>,
  { table, join, sides, later }: JoinParts<K, V, T>,
): KStream<K, R> {
  if (!(table instanceof TableNode) || table.at.graph !== graph) throw foreign(where)
  checkFunctions(where, { join })
  table.checkReadable(where)
  const common = { inputs: [node, table.at.node], join, sides } as const
  if (later === undefined) return streamAt(graph, graph.add({ kind: 'join-table', ...common }), key)
  checkOptions(where, later, ['grace', 'store', 'value'])
  const { grace: graceMs, store } = later
  checkSerdes(where, { value: later.value })
  checkGrace(where, graceMs, table.historyRetention)
  const value = erase(waiting(later.value as unknown as Serde<unknown>))
  return streamAt(graph, graph.add({ kind: 'join-table-later', ...common, store, key: erase(key), value, graceMs }), key)
}

function checkGrace(where: string, grace: unknown, history: number | null): void {
  if (isDuration(grace) && history !== null && grace <= history) return
  throw streamError('INVALID_STREAM_OPTION', {
    what:
      history === null ? 'grace needs a versioned table' : 'the grace is longer than the history of the table, or no duration',
    where: `${where}, grace`,
    expected: history === null ? 'table(..., { versioned: { historyRetention } })' : `at most ${history} ms`,
    received: String(grace),
  })
}
