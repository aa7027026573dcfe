/** What a caller can do wrong with tables: each gets its typed error at the call that is wrong. */
import { describe, expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { hours, millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import type { KTable } from './k-table.ts'
import { StreamsBuilder } from './streams-builder.ts'

// The untyped caller: methods that take anything.
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => never>>
const untyped = (typed: object): Untyped => typed as never

const serdes = { key: string, value: json<number>() }
const add = (a: number, b: number): number => a + b
const subtract = (a: number, b: number): number => a - b

function tableOf(builder: StreamsBuilder, topic: string): KTable<string, number> {
  return builder.table(topic, { ...serdes, store: topic })
}

function two(): { builder: StreamsBuilder; left: KTable<string, number>; right: KTable<string, number> } {
  const builder = new StreamsBuilder()
  return { builder, left: tableOf(builder, 'left'), right: tableOf(builder, 'right') }
}

const grouped = () => two().left.groupBy((value, key) => ({ key, value }), { name: 'groups', ...serdes })
const keeping = { historyRetention: hours(1) }
const windows = () =>
  new StreamsBuilder()
    .stream('in', serdes)
    .groupByKey()
    .windowedBy(tumbling({ size: millis(1), grace: millis(0) }))
const foreign = { name: 'fk', on: (value: number) => String(value), join: add }

test.each([
  ['table without serdes', () => untyped(new StreamsBuilder())['table']!('t', { store: 's' })],
  ['table with an unknown option', () => untyped(new StreamsBuilder())['table']!('t', { ...serdes, store: 's', ttl: 1 })],
  [
    'table with an unknown history',
    () => untyped(new StreamsBuilder())['table']!('t', { ...serdes, store: 's', versioned: { days: 1 } }),
  ],
  ['toTable without a serde', () => untyped(new StreamsBuilder().stream('in', serdes))['toTable']!({ store: 's' })],
  ['filter without a function', () => untyped(two().left)['filter']!()],
  ['filter that keeps without a serde', () => untyped(two().left)['filter']!(() => true, { store: 's' })],
  ['mapValues with a text', () => untyped(two().left)['mapValues']!('x => x')],
  ['groupBy without a topic', () => untyped(two().left)['groupBy']!(() => ({ key: 'a', value: 1 }))],
  ['count without options', () => untyped(grouped())['count']!()],
  ['reduce without subtract', () => untyped(grouped())['reduce']!({ store: 's', value: json(), add })],
  ['aggregate without initial', () => untyped(grouped())['aggregate']!({ store: 's', value: json(), add, subtract })],
  ['join without a function', () => joinUntyped('join')],
  ['topN without an order', () => untyped(grouped())['topN']!({ store: 's', n: 1, value: json() })],
  ['topN of none', () => untyped(grouped())['topN']!({ store: 's', n: 0, value: json(), compare: subtract })],
  ['topN with by', () => untyped(grouped())['topN']!({ store: 's', n: 1, value: json(), compare: subtract, by: String })],
  [
    'withLatestFrom without a function',
    () => {
      const { builder, left } = two()
      untyped(builder.stream('in', serdes))['withLatestFrom']!(left, 1)
    },
  ],
  ['joinForeign without on', () => joinUntyped('joinForeign', { name: 'fk', join: add })],
  [
    'joinForeign of mapped values without their serde',
    () => {
      const { left, right } = two()
      left.mapValues(String).joinForeign(right, { ...foreign, on: (value) => value, join: () => 1 })
    },
  ],
  [
    'table that emits at no known time',
    () => untyped(new StreamsBuilder())['table']!('t', { ...serdes, store: 's', emitEvery: 1 }),
  ],
  ['count that emits at no known time', () => untyped(grouped())['count']!({ store: 's', emitEvery: 'record' })],
  [
    'a versioned table that emits every commit',
    () => untyped(new StreamsBuilder())['table']!('t', { ...serdes, store: 's', versioned: keeping, emitEvery: 'commit' }),
  ],
  ['final rows that emit every commit', () => untyped(windows())['count']!({ store: 's', emitEvery: 'commit' })],
  ['grace on a table without versions', () => joinLater({ grace: millis(1), store: 'w', value: json() })],
  ['grace that is no duration', () => joinVersions({ grace: 1.5, store: 'w', value: json() })],
  ['grace beyond the history', () => joinVersions({ grace: hours(2), store: 'w', value: json() })],
])('%s is INVALID_STREAM_OPTION', (_name, call) => {
  expect(call).toThrow(expect.objectContaining({ code: 'INVALID_STREAM_OPTION', outcome: 'fatal', fault: 'caller' }))
})

function joinUntyped(method: string, ...options: readonly unknown[]): unknown {
  const { left, right } = two()
  return untyped(left)[method]!(right, ...options)
}

function joinLater(later: unknown): unknown {
  const { builder, left } = two()
  return untyped(builder.stream('in', serdes))['join']!(left, add, later)
}

function joinVersions(later: unknown): unknown {
  const builder = new StreamsBuilder()
  const table = builder.table('t', { ...serdes, store: 's', versioned: { historyRetention: hours(1) } })
  return untyped(builder.stream('in', serdes))['join']!(table, add, later)
}

test.each([
  ['a table', () => untyped(new StreamsBuilder())['table']!('t', serdes)],
  ['toTable', () => untyped(new StreamsBuilder().stream('in', serdes))['toTable']!({ value: json() })],
  ['what filter keeps', () => untyped(two().left)['filter']!(() => true, { value: json() })],
  ['a group', () => untyped(two().left)['groupBy']!(() => ({ key: 'a', value: 1 }), serdes)],
  ['a count', () => untyped(grouped())['count']!({})],
  ['a list', () => untyped(grouped())['topN']!({ n: 1, value: json(), compare: subtract })],
  ['a foreign-key join', () => joinUntyped('joinForeign', { on: String, join: add })],
  ['a join with grace', () => joinVersions({ grace: millis(1), value: json() })],
])('%s without a name is TOPOLOGY_NAME_MISSING', (_name, call) => {
  expect(call).toThrow('TOPOLOGY_NAME_MISSING')
})

test('names are taken once, also those that follow from the name of a foreign-key join', () => {
  const { left, right } = two()
  left.joinForeign(right, foreign)
  expect(() => left.joinForeign(right, foreign)).toThrow('TOPOLOGY_NAME_TAKEN')
  expect(() => left.filter(() => true, { store: 'right', value: json<number>() })).toThrow('TOPOLOGY_NAME_TAKEN')
})

test('a history that is no duration is refused', () => {
  const versioned = { historyRetention: -1 }
  expect(() => untyped(new StreamsBuilder())['table']!('t', { ...serdes, store: 's', versioned })).toThrow('WINDOW_INVALID')
})

test('a topic is a table or a stream', () => {
  const builder = new StreamsBuilder()
  tableOf(builder, 'in')
  expect(() => builder.stream('in', serdes)).toThrow('table(...) and stream(...)')
})

describe('TOPOLOGY_INVALID', () => {
  test('tables of two builders do not meet', () => {
    const [a, b] = [two(), two()]
    expect(() => a.left.join(b.left, add)).toThrow('not made by the same StreamsBuilder (join)')
    expect(() => a.left.joinForeign(b.left, foreign)).toThrow('(joinForeign)')
    expect(() => a.builder.stream('in', serdes).leftJoin(b.left, add as never)).toThrow('(leftJoin)')
    expect(() => untyped(a.left)['outerJoin']!(undefined, add)).toThrow('(outerJoin)')
    expect(() => a.builder.stream('other', serdes).withLatestFrom(b.left)).toThrow('(withLatestFrom)')
  })

  test('a changed key has no table and no join', () => {
    const { builder, left } = two()
    const rekeyed = untyped(builder.stream('in', serdes).selectKey((value) => String(value)))
    for (const call of [
      () => rekeyed['toTable']!({ store: 's', value: json() }),
      () => rekeyed['join']!(left, add),
      () => rekeyed['withLatestFrom']!(left),
    ])
      expect(call).toThrow('the key was changed')
  })

  test('the result of a foreign-key join is stored before it is grouped or joined', () => {
    const { left, right } = two()
    const joined = left.joinForeign(right, foreign)
    const group = (table: KTable<string, number>, name: string): unknown =>
      table.groupBy((value, key) => ({ key, value }), { name, ...serdes })
    expect(() => group(joined, 'a')).toThrow('the values that updates replace are not known')
    expect(() => group(joined.filter(() => true).mapValues(Number), 'b')).toThrow(
      'give the operator that makes the table a store',
    )
    expect(() => joined.join(left, add)).toThrow('the rows of this table are not stored')
    const kept = left.joinForeign(right, { ...foreign, name: 'kept' }, { store: 'joined', value: json<number>() })
    group(kept.mapValues(Number), 'c')
    kept.join(left, add)
  })
})

test('topN of a table takes two names', () => {
  const { builder, left } = two()
  const group = left.groupBy((value, key) => ({ key, value }), { name: 'groups', ...serdes })
  group.topN({ store: 'best', n: 3, value: json<number>(), compare: subtract })
  expect(() => tableOf(builder, 'best-rows')).toThrow('TOPOLOGY_NAME_TAKEN')
  expect(builder.build().describe()).toContain('Processor: table-top-n-1 (stores: [best, best-rows])')
})

test('describe shows where updates wait for a commit', () => {
  const { builder, left } = two()
  left.mapValues(Number, { store: 'kept', value: json<number>(), emitEvery: 'commit' })
  expect(builder.build().describe()).toContain(
    '    Processor: emit-every-commit-1 (stores: [])\n      --> none\n      <-- materialize-1\n',
  )
})

test('describe shows both inputs of a join', () => {
  const { builder, left, right } = two()
  left
    .join(right, add)
    .toStream()
    .to('out', serdes as never)
  expect(builder.build().describe()).toContain(
    '    Processor: table-join-1 (stores: [])\n      --> to-stream-1\n      <-- table-1, table-2\n',
  )
})
