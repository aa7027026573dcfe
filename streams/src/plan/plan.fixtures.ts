import { string } from '@millrace/core'
import { GraphBuilder, type NewNode } from '../graph/graph-builder.ts'
import type { Topology } from '../graph/topology.ts'
import { days } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling, type Grace } from '../time/windows.ts'

/** A node without its inputs. */
type Unfinished = Readonly<Record<string, unknown>>

const serdes: Unfinished = { key: string, value: string }
const totals: Unfinished = { ...serdes, start: () => 1, add: () => 1 }

/** Adds nodes one behind the other. */
export function chain(graph: GraphBuilder, ...nodes: readonly Unfinished[]): string {
  let last = ''
  for (const node of nodes) last = graph.add({ inputs: last === '' ? [] : [last], ...node } as unknown as NewNode)
  return last
}

export const source = (...topics: string[]): Unfinished => ({ kind: 'source', topics, ...serdes })
export const rekey: Unfinished = { kind: 'select-key', selector: () => 1 }
export const through = (topicName: string, partitions: number | null = null): Unfinished => ({
  kind: 'repartition',
  topicName,
  partitions,
  ...serdes,
})
export const aggregate = (store: string): Unfinished => ({ kind: 'aggregate', store, ...totals })
export const to = (topic: string): Unfinished => ({ kind: 'to', topic, ...serdes })

/** The flights of the sample: windows with a table, and totals behind a repartition. */
export function flights(grace: Grace = 'end-of-input'): Topology {
  const graph = new GraphBuilder()
  const windows = tumbling({ size: days(1), grace })
  chain(graph, { kind: 'global-table', topic: 'airports', store: 'airports', ...serdes })
  const input = chain(graph, source('flights'))
  chain(
    graph,
    { inputs: [input], kind: 'window-aggregate', store: 'daily-delays', windows, emit: 'final', sessions: null, ...totals },
    { kind: 'join-global', sides: 'inner', table: 'airports', on: () => 1, join: () => 1 },
    { ...to('delays-by-airport'), key: windowed(string, windows) },
  )
  chain(
    graph,
    { inputs: [input], ...rekey },
    through('arrivals'),
    aggregate('arrivals-by-airport'),
    { kind: 'to-stream' },
    to('arrivals'),
  )
  return graph.build()
}
