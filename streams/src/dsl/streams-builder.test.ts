/** What a caller without types can do wrong: each gets its typed error at the call that is wrong. */
import { map as stockMap } from 'rxjs'
import { expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import type { GroupedStream } from './grouped-stream.ts'
import type { KStream } from './k-stream.ts'
import { StreamsBuilder } from './streams-builder.ts'

// The untyped caller: methods that take anything.
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => never>>
const untyped = (typed: object): Untyped => typed as never

const serdes = { key: string, value: json<number>() }

function input(builder: StreamsBuilder = new StreamsBuilder()): KStream<string, number> {
  return builder.stream('in', serdes)
}

test.each([
  ['stream without options', () => untyped(new StreamsBuilder())['stream']!('in')],
  ['stream with a bad serde', () => untyped(new StreamsBuilder())['stream']!('in', { key: string, value: { write: () => '' } })],
  ['stream with an unknown option', () => untyped(new StreamsBuilder())['stream']!('in', { ...serdes, serde: 1 })],
  ['globalTable without serdes', () => untyped(new StreamsBuilder())['globalTable']!('t', { store: 's' })],
  ['filter without a function', () => untyped(input())['filter']!()],
  ['mapValues with a text', () => untyped(input())['mapValues']!('x => x')],
  ['map with a text', () => untyped(input())['map']!('x => x')],
  ['selectKey with a text', () => untyped(input())['selectKey']!('x => x')],
  ['to without serdes', () => untyped(input())['to']!('out', {})],
  ['repartition into no partitions', () => untyped(input())['repartition']!({ name: 'r', ...serdes, partitions: 0 })],
  ['aggregate without initial', () => untyped(input().groupByKey())['aggregate']!({ store: 's', value: string, add: () => 1 })],
  ['reduce without add', () => untyped(input().groupByKey())['reduce']!({ store: 's', value: string })],
  ['count without options', () => untyped(input().groupByKey())['count']!()],
  ['joinGlobal without on', () => joinGlobal(new StreamsBuilder(), { join: () => 1 })],
])('%s is INVALID_STREAM_OPTION', (_name, call) => {
  expect(call).toThrow(expect.objectContaining({ code: 'INVALID_STREAM_OPTION', outcome: 'fatal', fault: 'caller' }))
})

function joinGlobal(builder: StreamsBuilder, options: unknown): unknown {
  const table = builder.globalTable('t', { ...serdes, store: 's' })
  return untyped(input(builder))['joinGlobal']!(table, options)
}

test.each([
  ['an empty list of topics', () => new StreamsBuilder().stream([], serdes)],
  ['no topic', () => new StreamsBuilder().stream(undefined as unknown as string, serdes)],
  ['a sink without a topic', () => input().to('', serdes)],
  ['a store without a name', () => untyped(input().groupByKey())['count']!({})],
  ['a table without a store', () => untyped(new StreamsBuilder())['globalTable']!('t', serdes)],
  ['a repartition topic without a name', () => untyped(input())['repartition']!(serdes)],
])('%s is TOPOLOGY_NAME_MISSING', (_name, call) => {
  expect(call).toThrow('TOPOLOGY_NAME_MISSING')
})

test('a stock operator in pipe is refused at run time too', () => {
  expect(() => untyped(input())['pipe']!(stockMap((value: number) => value))).toThrow(
    'TOPOLOGY_INVALID: pipe takes the operators of @millrace/streams/rx, or unchecked(name, operator)',
  )
})

test('a changed key is refused at run time too', () => {
  const rekeyed = input().selectKey((value) => value)
  expect(() => untyped(rekeyed)['groupByKey']!()).toThrow('TOPOLOGY_INVALID: the key was changed')
})

test('a changed key stays changed through filter, mapValues and merge', () => {
  const stream = input()
  const rekeyed = stream.selectKey((value) => String(value))
  for (const behind of [
    rekeyed.filter(() => true),
    rekeyed.mapValues(() => 1),
    rekeyed.merge(stream),
    stream.merge(rekeyed as never),
  ]) {
    expect(() => untyped(behind)['groupByKey']!()).toThrow('TOPOLOGY_INVALID: the key was changed')
  }
})

test('streams and tables of two builders do not meet', () => {
  expect(() => input().merge(input())).toThrow('TOPOLOGY_INVALID: the other side was not made by the same StreamsBuilder (merge)')
  const table = new StreamsBuilder().globalTable('t', { ...serdes, store: 's' })
  expect(() => input().joinGlobal(table, { on: () => 'a', join: () => 1 })).toThrow('(joinGlobal)')
})

test('no windows are refused', () => {
  const grouped: GroupedStream<string, number> = input().groupByKey()
  expect(() => untyped(grouped)['windowedBy']!({ size: 10 })).toThrow('WINDOW_INVALID: no windows (windowedBy)')
})

test('a table may become a stream more than once, and rows of windows may go to several sinks', () => {
  const builder = new StreamsBuilder()
  const grouped = input(builder).groupByKey()
  const counts = grouped.count({ store: 'counts' })
  counts.toStream().to('a', { key: string, value: json() })
  counts.toStream().to('b', { key: string, value: json() })
  const rows = grouped
    .windowedBy(tumbling({ size: millis(1), grace: millis(0) }))
    .count({ store: 'rows' })
    .emitFinal()
  rows.filter(() => true).to('c', { key: json(), value: json() })
  rows.to('d', { key: json(), value: json() })
  expect(builder.build().nodes.filter(({ kind }) => kind === 'to')).toHaveLength(4)
})

test('a topology that reads nothing is refused', () => {
  const builder = new StreamsBuilder()
  builder.globalTable('t', { ...serdes, store: 's' })
  expect(() => builder.build()).toThrow('TOPOLOGY_EMPTY: the topology reads no topic')
})
