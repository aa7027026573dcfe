import { expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { otherwise } from './split.ts'
import { StreamsBuilder } from './streams-builder.ts'
import { memoryStream } from '../testing/memory-stream.ts'

const number = { key: string, value: json<number>() }

function topics(stream: ReturnType<typeof memoryStream>): (readonly [string, unknown])[] {
  return stream.app.outputs.map(({ topic, value }) => [topic, value])
}

test('a record goes into the first branch whose predicate holds, and into no other', () => {
  const stream = memoryStream<number>((input) => {
    const { big, even, rest } = input.split({
      big: (value) => value > 10,
      even: (value) => value % 2 === 0,
      rest: otherwise,
    })
    rest.to('rest', number)
    even.to('even', number)
    big.to('big', number)
  })
  stream.feed('a', 12).feed('a', 4).feed('a', 3)
  expect(topics(stream)).toEqual([
    ['big', 12],
    ['even', 4],
    ['rest', 3],
  ])
})

test('otherwise takes what no predicate took, wherever it is written', () => {
  const stream = memoryStream<number>((input) => {
    const { rest, big } = input.split({ rest: otherwise, big: (value) => value > 10 })
    rest.to('rest', number)
    big.to('big', number)
  })
  stream.feed('a', 12).feed('a', 4)
  expect(topics(stream)).toEqual([
    ['big', 12],
    ['rest', 4],
  ])
})

test('without otherwise a record that nobody takes ends there, uncounted; a branch may go nowhere', () => {
  const stream = memoryStream<number>((input) => {
    const { big } = input.split({ big: (value) => value > 10, unused: (value) => value < 0 })
    big.to('big', number)
  })
  stream.feed('a', 4).feed('a', -1).feed('a', 11)
  expect(topics(stream)).toEqual([['big', 11]])
  expect(stream.drops).toEqual({})
})

test('predicates see key and meta; a branch keeps its key, a split of rekeyed records does not', () => {
  const stream = memoryStream<number>((input) => {
    const { a } = input.split({ a: (_value, key, { timestamp }) => key === 'a' && timestamp > 5 })
    a.groupByKey().count({ store: 'as' }).toStream().to('out', { key: string, value: json<number | null>() })
    const { all } = input.selectKey(() => 'k').split({ all: otherwise })
    all.to('rekeyed', number)
    expect(() => (all as unknown as typeof a).groupByKey()).toThrow(/TOPOLOGY_INVALID/)
  })
  stream.feed('a', 1, 5).feed('a', 1, 6).feed('b', 1, 6)
  expect(topics(stream).filter(([topic]) => topic === 'out')).toEqual([['out', 1]])
})

test('a predicate that throws leaves the record out of all branches of this split, and of nothing else', () => {
  const stream = memoryStream<number>(
    (input) => {
      const { odd, rest } = input.split({
        odd: (value) => {
          if (value === 0) throw new Error('zero')
          return value % 2 === 1
        },
        rest: otherwise,
      })
      odd.to('odd', number)
      rest.to('rest', number)
      input.to('beside', number)
    },
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 0).feed('a', 1)
  expect(topics(stream)).toEqual([
    ['beside', 0],
    ['odd', 1],
    ['beside', 1],
  ])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('branches merge again', () => {
  const stream = memoryStream<number>((input) => {
    const { big, rest } = input.split({ big: (value) => value > 10, rest: otherwise })
    big
      .mapValues((value) => -value)
      .merge(rest)
      .to('out', number)
  })
  expect(
    stream
      .feed('a', 11)
      .feed('a', 1)
      .rows.map(([, value]) => value),
  ).toEqual([-11, 1])
})

test('the description names the branches', () => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', number)
    .split({ big: () => true })
    .big.to('out', number)
  expect(builder.build().describe()).toContain(
    ['Processor: split-1 (stores: [])', '      --> split-1-big', '      <-- source-1'].join('\n'),
  )
})

test.each([
  [{}, /no branch/],
  [null, /missing/],
  [{ 1: () => true }, /is a number/],
  [{ a: otherwise, b: otherwise }, /only one.*a, b/s],
  [{ a: 'x' }, /neither a predicate nor otherwise.*a: string/s],
])('the branches %o are refused', (branches, message) => {
  const input = new StreamsBuilder().stream('in', number)
  expect(() => input.split(branches as never)).toThrow(message)
  expect(() => input.split(branches as never)).toThrow(/TOPOLOGY_INVALID/)
})

test('the name of a branch is a name', () => {
  const input = new StreamsBuilder().stream('in', number)
  expect(() => input.split({ 'not legal': otherwise })).toThrow(/TOPOLOGY_NAME_INVALID/)
})
