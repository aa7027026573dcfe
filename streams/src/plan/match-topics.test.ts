import { expect, test } from 'vitest'
import { GraphBuilder } from '../graph/graph-builder.ts'
import type { Topology } from '../graph/topology.ts'
import { chain, rekey, source, through, to } from './plan.fixtures.ts'
import { planOf } from './plan-of.ts'

const matching = (pattern: RegExp): ReturnType<typeof source> => ({
  ...source(),
  settings: { reset: null, timestamp: null, pattern },
})

function reading(...patterns: readonly (RegExp | string)[]): Topology {
  const graph = new GraphBuilder()
  for (const pattern of patterns) chain(graph, typeof pattern === 'string' ? source(pattern) : matching(pattern), to('out'))
  return graph.build()
}

const sourcesOf = (topology: Topology, topics: readonly string[]): (readonly string[])[] =>
  planOf(topology, 'app', topics).subTopologies.map(({ sources }) => sources.map(({ topic }) => topic))

test('a pattern reads all topics that match, sorted; the application’s own never do', () => {
  const topics = ['orders-eu', 'x-orders', 'orders-asia', 'app-orders-changelog', 'app-orders-repartition', 'other']
  expect(sourcesOf(reading(/orders/), topics)).toEqual([['orders-asia', 'orders-eu', 'x-orders']])
  expect(sourcesOf(reading(/^orders-/), topics)).toEqual([['orders-asia', 'orders-eu']])
})

test('what a global or sticky pattern remembers plays no part', () => {
  const pattern = /^orders/gy
  pattern.lastIndex = 3
  expect(sourcesOf(reading(pattern), ['orders-a', 'orders-b'])).toEqual([['orders-a', 'orders-b']])
})

test('the topics of a pattern count as source topics, and a repartition behind them inherits theirs', () => {
  const graph = new GraphBuilder()
  chain(graph, matching(/^in/), rekey, through('r'), to('out'))
  const plan = planOf(graph.build(), 'app', ['in-1', 'in-2'])
  expect(plan.sourceTopics).toEqual(['in-1', 'in-2'])
  expect(plan.internalTopics[0]).toMatchObject({ inherits: ['in-1', 'in-2'] })
})

test('nothing that matches, or a topic that another source reads, is refused', () => {
  expect(() => sourcesOf(reading(/^in/), ['out'])).toThrow(/SOURCE_TOPIC_MISSING.*\^in/s)
  expect(() => sourcesOf(reading('in-1', /^in/), ['in-1', 'in-2'])).toThrow(/TOPOLOGY_INVALID.*in-1/s)
  expect(() => sourcesOf(reading(/^in/, /1$/), ['in-1'])).toThrow(/TOPOLOGY_INVALID.*in-1.*source-1 and source-2/s)
  const graph = new GraphBuilder()
  chain(graph, { ...source(), kind: 'global-table', topic: 'in-1', store: 's' })
  chain(graph, matching(/^in/), to('out'))
  expect(() => sourcesOf(graph.build(), ['in-1'])).toThrow(/TOPOLOGY_INVALID.*in-1/s)
})

test('the description shows the pattern, as Kafka does', () => {
  expect(reading(/^orders-.*/).describe()).toContain('Source: source-1 (topics: ^orders-.*)')
})
