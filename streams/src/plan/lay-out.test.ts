import { expect, test } from 'vitest'
import fc from 'fast-check'
import { GraphBuilder } from '../graph/graph-builder.ts'
import { layOut } from './lay-out.ts'
import { aggregate, chain, flights, rekey, source, through, to } from './plan.fixtures.ts'
import type { Layout } from './plan.ts'
import { planOf } from './plan-of.ts'

function layOutOf(graph: GraphBuilder, counts: Record<string, number>): Layout {
  return layOut(planOf(graph.build(), 'app'), new Map(Object.entries(counts)))
}

function partitionsIn(layout: Layout): Record<string, number> {
  return Object.fromEntries(layout.internalTopics.map(({ topic, partitions }) => [topic, partitions]))
}

test('a task is a partition of a sub-topology', () => {
  const layout = layOut(
    planOf(flights(), 'delays'),
    new Map([
      ['flights', 2],
      ['airports', 1],
    ]),
  )
  expect(layout.tasks).toEqual([
    { id: '0_0', subTopology: 0, partition: 0, inputs: ['flights'] },
    { id: '0_1', subTopology: 0, partition: 1, inputs: ['flights'] },
    { id: '1_0', subTopology: 1, partition: 0, inputs: ['delays-arrivals-repartition'] },
    { id: '1_1', subTopology: 1, partition: 1, inputs: ['delays-arrivals-repartition'] },
  ])
  expect(partitionsIn(layout)).toEqual({
    'delays-arrivals-by-airport-changelog': 2,
    'delays-arrivals-repartition': 2,
    'delays-daily-delays-changelog': 2,
  })
})

test('a missing source topic is named', () => {
  expect(() => layOut(planOf(flights(), 'delays'), new Map([['airports', 1]]))).toThrow(
    'SOURCE_TOPIC_MISSING: a topic that the topology reads does not exist (flights)',
  )
})

test('a repartition topic has the partitions it was given, or the most of its sources, through others too', () => {
  const graph = new GraphBuilder()
  const merged = graph.add({ kind: 'merge', inputs: [chain(graph, source('a')), chain(graph, source('b'))] })
  chain(graph, { inputs: [merged], ...rekey }, through('given', 7), rekey, through('inherited'))
  chain(graph, { inputs: [merged], ...rekey }, through('most'))
  expect(partitionsIn(layOutOf(graph, { a: 2, b: 3 }))).toEqual({
    'app-given-repartition': 7,
    'app-inherited-repartition': 7,
    'app-most-repartition': 3,
  })
})

test('topics of different sizes may meet where no key matters', () => {
  const graph = new GraphBuilder()
  const merged = graph.add({ kind: 'merge', inputs: [chain(graph, source('a')), chain(graph, source('b'))] })
  chain(graph, { inputs: [merged], ...to('out') })
  expect(layOutOf(graph, { a: 1, b: 2 }).tasks.map(({ id, inputs }) => [id, inputs])).toEqual([
    ['0_0', ['a', 'b']],
    ['0_1', ['b']],
  ])
})

test('topics of different sizes must not meet in one total', () => {
  const graph = new GraphBuilder()
  chain(graph, source('a', 'b'), aggregate('counts'))
  expect(() => layOutOf(graph, { a: 1, b: 2 })).toThrow(
    'PARTITIONS_DIFFER: topics of one operator differ in partitions (store counts): received a 1, b 2',
  )
  expect(layOutOf(graph, { a: 2, b: 2 }).tasks).toHaveLength(2)
})

test('a repartition topic without a count takes that of the topics it meets; one with a count does not', () => {
  const meet = (partitions: number | null): GraphBuilder => {
    const graph = new GraphBuilder()
    const arrivals = chain(graph, source('a'), rekey, through('arrivals', partitions))
    const merged = graph.add({ kind: 'merge', inputs: [arrivals, chain(graph, source('b'))] })
    chain(graph, { inputs: [merged], ...aggregate('counts') })
    return graph
  }
  expect(partitionsIn(layOutOf(meet(null), { a: 2, b: 5 }))['app-arrivals-repartition']).toBe(5)
  expect(() => layOutOf(meet(3), { a: 2, b: 5 })).toThrow('PARTITIONS_DIFFER')
})

test('every partition of every source is read by exactly one task', () => {
  const count = fc.integer({ min: 1, max: 9 })
  fc.assert(
    fc.property(count, count, count, (a, b, given) => {
      const graph = new GraphBuilder()
      const merged = graph.add({ kind: 'merge', inputs: [chain(graph, source('a')), chain(graph, source('b'))] })
      chain(graph, { inputs: [merged], ...rekey }, through('r', given), to('out'))
      const read = layOutOf(graph, { a, b }).tasks.flatMap(({ inputs, partition }) =>
        inputs.map((topic) => `${topic}-${partition}`),
      )
      const there = Object.entries({ a, b, 'app-r-repartition': given }).flatMap(([topic, n]) =>
        Array.from({ length: n }, (_, i) => `${topic}-${i}`),
      )
      expect(read.toSorted()).toEqual(there.toSorted())
    }),
  )
})
