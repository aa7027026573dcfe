/** The operators that keep nothing: filter, map-values, map, select-key, merge, to. */
import { expect, test } from 'vitest'
import { int64, json, string, type Header } from '@millrace/core'
import { memoryStream } from '../testing/memory-stream.ts'

const text = { key: string, value: string }
const number = { key: string, value: json<number>() }

test('filter lets through what the predicate holds for, unchanged', () => {
  const stream = memoryStream<number>((input) => input.filter((value, key) => value > 1 && key !== 'b').to('out', number))
  stream.feed('a', 1, 10).feed('a', 2, 20).feed('b', 3, 30).feed('c', 4, 5)
  expect(stream.rows).toEqual([
    ['a', 2, 20],
    ['c', 4, 5],
  ])
})

test('mapValues keeps key and time', () => {
  const stream = memoryStream<number>((input) => input.mapValues((value, key) => `${key}${value}`).to('out', text))
  expect(stream.feed('a', 1, 10).rows).toEqual([['a', 'a1', 10]])
})

test('map and selectKey keep the time', () => {
  const stream = memoryStream<number>((input) => {
    input.map((value, key) => ({ key: value, value: key })).to('swapped', { key: int64, value: string })
    input.selectKey((value, key) => `${key}${value}`).to('keyed', number)
  })
  expect(stream.feed('a', 1, 10).rows).toEqual([
    [1, 'a', 10],
    ['a1', 1, 10],
  ])
})

test('callbacks see the record as it comes to their operator', () => {
  const seen: unknown[] = []
  const stream = memoryStream<number>((input) =>
    input
      .mapValues((value, _key, { topic, partition, offset, timestamp, headers }) => {
        seen.push({ topic, partition, offset, timestamp, headers })
        return value
      })
      .to('out', number),
  )
  const headers: readonly Header[] = [['trace', new Uint8Array([1])]]
  stream.feed('a', 1, 10).feed('a', 1, 20, headers)
  expect(seen).toEqual([
    { topic: 'in', partition: 0, offset: 0, timestamp: 10, headers: [] },
    { topic: 'in', partition: 0, offset: 1, timestamp: 20, headers },
  ])
})

test('a sink gets null values as they are, and the headers of the input', () => {
  const headers: readonly Header[] = [
    ['h', null],
    ['h', new Uint8Array([2])],
  ]
  const stream = memoryStream<number>((input) => input.mapValues(() => null).to('out', { key: string, value: json<null>() }))
  stream.feed('a', 1, 10, headers)
  expect(stream.app.outputs).toEqual([{ sink: 'to-1', topic: 'out', key: 'a', value: null, timestamp: 10, headers }])
})

test('branches of one stream run in the order in which they were written, each to its end', () => {
  const stream = memoryStream<number>((input) => {
    const even = input.filter((value) => value % 2 === 0)
    input.mapValues((value) => `first ${value}`).to('out', text)
    even.mapValues((value) => `even ${value}`).to('out', text)
    even.mapValues((value) => `even again ${value}`).to('out', text)
    input.mapValues((value) => `last ${value}`).to('out', text)
  })
  stream.feed('a', 2).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual(['even 2', 'even again 2', 'first 2', 'last 2', 'first 3', 'last 3'])
})

test('merge interleaves two streams, also two branches of one', () => {
  const stream = memoryStream<number>((input) =>
    input
      .filter((value) => value > 1)
      .merge(input.mapValues((value) => -value))
      .to('out', number),
  )
  stream.feed('a', 1, 10).feed('b', 2, 20)
  expect(stream.rows).toEqual([
    ['a', -1, 10],
    ['b', 2, 20],
    ['b', -2, 20],
  ])
})

test('under fail, what user code throws reaches the loop, which knows the node; the next record finds all as it was', () => {
  const stream = memoryStream<number>((input) =>
    input
      .filter((value) => value >= 0)
      .mapValues((value) => {
        if (value === 2) throw new Error('two')
        return value
      })
      .to('out', number),
  )
  stream.feed('a', 1)
  expect(() => stream.feed('a', 2)).toThrow('two')
  expect(stream.task.context.node).toBe('map-values-1')
  expect(stream.feed('a', 3).rows.map(([, value]) => value)).toEqual([1, 3])
})

test('under skip, only what stands behind the node that threw is left out, for this record (KIP-1033)', () => {
  const stream = memoryStream<number>(
    (input) => {
      const throwing = input.filter((value) => {
        if (value === 2) throw new Error('two')
        return true
      })
      input.to('before', number)
      throwing.to('behind', number)
      input.to('beside', number)
    },
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 1).feed('a', 2).feed('a', 3)
  const topicsOf = (wanted: number): string[] =>
    stream.app.outputs.filter(({ value }) => value === wanted).map(({ topic }) => topic)
  expect(topicsOf(1)).toEqual(['behind', 'before', 'beside'])
  expect(topicsOf(2)).toEqual(['before', 'beside'])
  expect(topicsOf(3)).toHaveLength(3)
  expect(stream.drops).toEqual({ failed: 1 })
  expect(stream.task.context.failures).toEqual([new Error('two')])
})

test('under skip, a failure of a sink is no failure of the nodes before it', () => {
  const stream = memoryStream<number>((input) => input.mapValues((value) => value).to('out', number), { errorPolicy: 'skip' })
  stream.app.task('0_0').context.outputs.push = () => {
    throw new Error('fenced')
  }
  expect(() => stream.feed('a', 1)).toThrow('fenced')
  expect(stream.drops).toEqual({})
})

test('a repartition carries key, value, time and headers to the task of the new key', () => {
  const stream = memoryStream<string>(
    (input) =>
      input
        .selectKey((value) => value)
        .repartition({ name: 'r', partitions: 3, ...text })
        .to('out', text),
    { partitionOf: (key) => Number(key) },
  )
  const headers: readonly Header[] = [['h', null]]
  stream.feed('a', '2', 10, headers).feed('b', '1', 20)
  expect(stream.app.outputs.map(({ key, value, timestamp, headers: kept }) => [key, value, timestamp, kept])).toEqual([
    ['2', '2', 10, headers],
    ['1', '1', 20, []],
  ])
  expect([...stream.app.tasks.keys()]).toEqual(['0_0', '1_0', '1_1', '1_2'])
  expect(stream.app.task('1_2').context.outputs).toHaveLength(1)
})
