import { expect, test } from 'vitest'
import { string } from '@millrace/core'
import { GraphBuilder } from './graph-builder.ts'

const serdes = { key: string as never, value: string as never }

/** Printed by Kafka 4.3.1 for a Topology built node by node with these names (they are chosen so that its order is ours). */
const printedByKafka = `Topologies:
   Sub-topology: 0
    Source: source-1 (topics: [a, b])
      --> select-key-1
    Processor: select-key-1 (stores: [])
      --> repartition-1-sink
      <-- source-1
    Sink: repartition-1-sink (topic: arrivals-repartition)
      <-- select-key-1

  Sub-topology: 1
    Source: repartition-1-source (topics: [arrivals-repartition])
      --> merge-1
    Source: source-2 (topics: [c])
      --> merge-1
    Processor: merge-1 (stores: [])
      --> aggregate-1
      <-- repartition-1-source, source-2
    Processor: aggregate-1 (stores: [arrivals-by-airport])
      --> none
      <-- merge-1

  Sub-topology: 2 for global store (will not generate tasks)
    Source: global-table-1-source (topics: [airports])
      --> global-table-1
    Processor: global-table-1 (stores: [airports])
      --> none
      <-- global-table-1-source
`

test('a description has the bytes of Kafka', () => {
  const graph = new GraphBuilder()
  graph.add({ kind: 'global-table', inputs: [], topic: 'airports', store: 'airports', ...serdes })
  const ab = graph.add({ kind: 'source', inputs: [], topics: ['a', 'b'], ...serdes })
  const rekeyed = graph.add({ kind: 'select-key', inputs: [ab], selector: () => 1 })
  const arrivals = graph.add({ kind: 'repartition', inputs: [rekeyed], topicName: 'arrivals', partitions: null, ...serdes })
  const c = graph.add({ kind: 'source', inputs: [], topics: ['c'], ...serdes })
  const merged = graph.add({ kind: 'merge', inputs: [arrivals, c] })
  graph.add({ kind: 'aggregate', inputs: [merged], store: 'arrivals-by-airport', ...serdes, start: () => 1, add: () => 1 })
  expect(graph.build().describe()).toBe(printedByKafka)
})
