import { expect, test } from 'vitest'
import { string } from '@millrace/core'
import { millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import { GraphBuilder, type NewNode } from './graph-builder.ts'

const serdes = { key: string as never, value: string as never }
const source = (...topics: string[]): NewNode => ({ kind: 'source', inputs: [], topics, ...serdes })
const totals = { ...serdes, start: () => 1, add: () => 1 }
const aggregate = (input: string, store: string): NewNode => ({ kind: 'aggregate', inputs: [input], store, ...totals })
const selectKey = (input: string): NewNode => ({ kind: 'select-key', inputs: [input], selector: () => 1 })
const repartition = (input: string, topicName: string): NewNode => ({
  kind: 'repartition',
  inputs: [input],
  topicName,
  partitions: null,
  ...serdes,
})

test('nodes are named from kind and position', () => {
  const graph = new GraphBuilder()
  expect([graph.add(source('a')), graph.add(selectKey('source-1')), graph.add(source('b'))]).toEqual([
    'source-1',
    'select-key-1',
    'source-2',
  ])
})

test('a topology is not changed by what its builder does later', () => {
  const graph = new GraphBuilder()
  graph.add(source('a'))
  const topology = graph.build()
  graph.add(selectKey('source-1'))
  expect(topology.nodes.map(({ name }) => name)).toEqual(['source-1'])
  expect(graph.build().nodes).toHaveLength(2)
})

test('a topology that reads nothing is refused', () => {
  expect(() => new GraphBuilder().build()).toThrow('TOPOLOGY_EMPTY')
})

test.each([undefined, null, ''])('a store or repartition topic without a name is refused: %s', (name) => {
  const graph = new GraphBuilder()
  graph.add(source('a'))
  expect(() => graph.add(aggregate('source-1', name as string))).toThrow(
    'TOPOLOGY_NAME_MISSING: the store of this operator has no name',
  )
  expect(() => graph.add(repartition('source-1', name as string))).toThrow(
    'TOPOLOGY_NAME_MISSING: the repartition topic of this operator',
  )
})

test.each(['a b', 'ä', 'a/b', '.', '..', 'a'.repeat(250), 7])('a name that Kafka refuses is refused: %s', (name) => {
  const graph = new GraphBuilder()
  graph.add(source('a'))
  expect(() => graph.add(aggregate('source-1', name as string))).toThrow('TOPOLOGY_NAME_INVALID')
  expect(() => graph.add(source(name as string))).toThrow('TOPOLOGY_NAME_INVALID')
})

test('stores and repartition topics share one set of names', () => {
  const graph = new GraphBuilder()
  graph.add(source('a'))
  graph.add(aggregate('source-1', 'counts'))
  expect(() => graph.add(aggregate('source-1', 'counts'))).toThrow(
    'TOPOLOGY_NAME_TAKEN: the store has the name of another (counts)',
  )
  expect(() => graph.add(repartition('source-1', 'counts'))).toThrow('TOPOLOGY_NAME_TAKEN')
  expect(() => graph.add({ kind: 'global-table', inputs: [], topic: 'b', store: 'counts', ...serdes })).toThrow(
    'TOPOLOGY_NAME_TAKEN',
  )
})

test('a topic is read once', () => {
  const graph = new GraphBuilder()
  graph.add(source('a', 'b'))
  expect(() => graph.add(source('b'))).toThrow('TOPOLOGY_INVALID: a topic is read twice')
  expect(() => graph.add({ kind: 'global-table', inputs: [], topic: 'a', store: 's', ...serdes })).toThrow(
    'stream(...) and globalTable(...)',
  )
})

test('a total behind a changed key needs a repartition between, however far behind', () => {
  const graph = new GraphBuilder()
  graph.add(source('a'))
  graph.add(selectKey('source-1'))
  graph.add({ kind: 'filter', inputs: ['select-key-1'], predicate: () => true })
  graph.add({ kind: 'merge', inputs: ['source-1', 'filter-1'] })
  expect(() => graph.add(aggregate('merge-1', 'counts'))).toThrow('TOPOLOGY_INVALID: the key was changed')
  graph.add(repartition('merge-1', 'by-key'))
  expect(graph.add(aggregate('repartition-1', 'counts'))).toBe('aggregate-1')
})

test('windows whose rows go nowhere are refused', () => {
  const graph = new GraphBuilder()
  graph.add(source('a'))
  const windows = tumbling({ size: millis(1), grace: millis(0) })
  graph.add({ kind: 'window-aggregate', inputs: ['source-1'], store: 'w', windows, emit: 'final', sessions: null, ...totals })
  expect(() => graph.build()).toThrow('TOPOLOGY_INVALID: the rows of windows go nowhere; call emitFinal() and to(...) (w)')
})
