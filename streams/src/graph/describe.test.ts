import { expect, test } from 'vitest'
import { string } from '@millrace/core'
import type { TopologyDescription } from './describe.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { Topology } from './topology.ts'

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

function sample(): Topology {
  const graph = new GraphBuilder()
  graph.add({ kind: 'global-table', inputs: [], topic: 'airports', store: 'airports', ...serdes })
  const ab = graph.add({ kind: 'source', inputs: [], topics: ['a', 'b'], ...serdes })
  const rekeyed = graph.add({ kind: 'select-key', inputs: [ab], selector: () => 1 })
  const arrivals = graph.add({ kind: 'repartition', inputs: [rekeyed], topicName: 'arrivals', partitions: null, ...serdes })
  const c = graph.add({ kind: 'source', inputs: [], topics: ['c'], ...serdes })
  const merged = graph.add({ kind: 'merge', inputs: [arrivals, c] })
  graph.add({ kind: 'aggregate', inputs: [merged], store: 'arrivals-by-airport', ...serdes, start: () => 1, add: () => 1 })
  return graph.build()
}

test('a description has the bytes of Kafka', () => {
  expect(sample().describe()).toBe(printedByKafka)
})

test('a description is data, too', () => {
  const { subTopologies, globalStores } = JSON.parse(JSON.stringify(sample().description())) as TopologyDescription
  expect(subTopologies.map(({ id, nodes }) => [id, nodes.map(({ name }) => name)])).toEqual([
    [0, ['source-1', 'select-key-1', 'repartition-1-sink']],
    [1, ['repartition-1-source', 'source-2', 'merge-1', 'aggregate-1']],
  ])
  expect(subTopologies[1]!.nodes[3]).toEqual({
    kind: 'processor',
    name: 'aggregate-1',
    stores: ['arrivals-by-airport'],
    next: [],
    previous: ['merge-1'],
  })
  expect(globalStores).toMatchObject([{ id: 2, nodes: [{ kind: 'source', topics: ['airports'] }, { stores: ['airports'] }] }])
})

test('a description is a flowchart, too: the topic of a repartition joins what it cuts', () => {
  expect(sample().mermaid()).toBe(`flowchart TD
  subgraph s0["Sub-topology 0"]
    n0["source-1"]
    n1["select-key-1"]
    n2["repartition-1-sink"]
  end
  subgraph s1["Sub-topology 1"]
    n3["repartition-1-source"]
    n4["source-2"]
    n5["merge-1"]
    n6["aggregate-1"]
    n7[("arrivals-by-airport")]
  end
  subgraph s2["Global store 2"]
    n8["global-table-1-source"]
    n9["global-table-1"]
    n10[("airports")]
  end
  n11(["a"]) --> n0
  n12(["b"]) --> n0
  n0 --> n1
  n1 --> n2
  n2 --> n13(["arrivals-repartition"])
  n13 --> n3
  n3 --> n5
  n14(["c"]) --> n4
  n4 --> n5
  n5 --> n6
  n6 -.- n7
  n15(["airports"]) --> n8
  n8 --> n9
  n9 -.- n10`)
})
