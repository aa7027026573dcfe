import { expect, test } from 'vitest'
import { GraphBuilder } from '../graph/graph-builder.ts'
import { days } from '../time/duration.ts'
import { aggregate, chain, flights, source, through, to } from './plan.fixtures.ts'
import { planOf } from './plan-of.ts'

test('the graph is cut at repartition topics', () => {
  const { subTopologies } = planOf(flights(), 'delays')
  expect(subTopologies.map(({ nodes }) => nodes.map(({ name }) => name))).toEqual([
    ['source-1', 'window-aggregate-1', 'join-global-1', 'to-1', 'select-key-1', 'repartition-1-sink'],
    ['repartition-1-source', 'aggregate-1', 'to-stream-1', 'to-2'],
  ])
  expect(subTopologies[1]!.nodes[1]!.inputs).toEqual(['repartition-1-source'])
})

test('a sub-topology lists what a task reads, keeps and writes', () => {
  const [first, second] = planOf(flights(), 'delays').subTopologies
  expect(first!.sources).toMatchObject([{ topic: 'flights', node: 'source-1', internal: false }])
  expect(first!.stores).toMatchObject([
    { kind: 'window', name: 'daily-delays', changelog: 'delays-daily-delays-changelog', windows: { size: days(1) } },
  ])
  expect(first!.sinks).toMatchObject([
    { name: 'to-1', topic: 'delays-by-airport', internal: false, partitionBy: { name: 'string' } },
    { name: 'repartition-1-sink', topic: 'delays-arrivals-repartition', internal: true, partitionBy: null },
  ])
  expect(first).toMatchObject({ streamTimes: ['daily-delays'], globalStores: ['airports'] })
  expect(second!.sources).toMatchObject([{ topic: 'delays-arrivals-repartition', internal: true }])
  expect(second!.stores).toMatchObject([
    { kind: 'keyValue', name: 'arrivals-by-airport', changelog: 'delays-arrivals-by-airport-changelog' },
  ])
})

test('internal topics have the names and settings of Kafka Streams', () => {
  expect(planOf(flights(days(2)), 'delays').internalTopics).toEqual([
    {
      kind: 'changelog',
      topic: 'delays-arrivals-by-airport-changelog',
      store: 'arrivals-by-airport',
      subTopology: 1,
      config: { 'cleanup.policy': 'compact' },
    },
    {
      kind: 'repartition',
      topic: 'delays-arrivals-repartition',
      name: 'arrivals',
      partitions: null,
      inherits: ['flights'],
      writers: [0],
      reader: 1,
      config: { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': '52428800' },
    },
    {
      kind: 'changelog',
      topic: 'delays-daily-delays-changelog',
      store: 'daily-delays',
      subTopology: 0,
      config: { 'cleanup.policy': 'compact' },
    },
  ])
})

test('a changelog of windows that stay open keeps its rows', () => {
  const [, , daily] = planOf(flights('end-of-input'), 'delays').internalTopics
  expect(daily).toMatchObject({ store: 'daily-delays', config: { 'cleanup.policy': 'compact' } })
})

test('a plan names the topics that have to be there', () => {
  expect(planOf(flights(), 'delays')).toMatchObject({
    sourceTopics: ['airports', 'flights'],
    globalTables: [{ store: 'airports', topic: 'airports' }],
  })
})

test('parts that meet are one sub-topology, numbered by its first node', () => {
  const graph = new GraphBuilder()
  const a = chain(graph, source('a'))
  chain(graph, source('b'), to('x'))
  const c = chain(graph, source('c'))
  graph.add({ kind: 'merge', inputs: [c, a] })
  expect(planOf(graph.build(), 'app').subTopologies.map(({ sources }) => sources.map(({ topic }) => topic))).toEqual([
    ['a', 'c'],
    ['b'],
  ])
})

test('topics whose keys meet in one total belong together', () => {
  const graph = new GraphBuilder()
  const merged = graph.add({ kind: 'merge', inputs: [chain(graph, source('a', 'b')), chain(graph, source('c'), through('d'))] })
  chain(graph, { inputs: [merged], ...aggregate('counts') })
  expect(planOf(graph.build(), 'app').subTopologies.flatMap(({ together }) => together)).toEqual([
    { node: 'aggregate-1', store: 'counts', topics: ['a', 'b', 'app-d-repartition'] },
  ])
})

test.each([undefined, '', 'a b', '.'])('an application id that is no part of topic names is refused: %s', (id) => {
  expect(() => planOf(flights(), id as string)).toThrow('INVALID_STREAM_OPTION: the application id')
})

test('an internal topic whose name becomes too long is refused', () => {
  expect(() => planOf(flights(), 'a'.repeat(230))).toThrow('TOPOLOGY_NAME_INVALID: the name of an internal topic')
})

test('a topology that writes to its own internal topic by name is refused', () => {
  const graph = new GraphBuilder()
  chain(graph, source('a'), aggregate('counts'), { kind: 'to-stream' }, to('app-counts-changelog'))
  expect(() => planOf(graph.build(), 'app')).toThrow(
    'TOPOLOGY_NAME_TAKEN: the topology names a topic that belongs to the application itself (app-counts-changelog)',
  )
  expect(planOf(graph.build(), 'other').sourceTopics).toEqual(['a'])
})
