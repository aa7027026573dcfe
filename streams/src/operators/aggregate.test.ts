import fc from 'fast-check'
import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'

const sums = { store: 'sums', value: int64, initial: () => 0, add: (total: number, value: number) => total + value }
const out = { key: string, value: json<number | null>() }

function summing(): MemoryStream {
  return memoryStream<number>((input) => input.groupByKey().aggregate(sums).toStream().to('out', out))
}

test('every update goes on', () => {
  const stream = summing()
  stream.feed('a', 1, 10).feed('b', 10, 20).feed('a', 2, 30)
  expect(stream.rows).toEqual([
    ['a', 1, 10],
    ['b', 10, 20],
    ['a', 3, 30],
  ])
})

test('a total has the time of its newest record: a late one changes the value and leaves the time', () => {
  expect(summing().feed('a', 1, 30).feed('a', 2, 10).feed('a', 4, 40).rows).toEqual([
    ['a', 1, 30],
    ['a', 3, 30],
    ['a', 7, 40],
  ])
})

test('a null key or value is dropped and counted', () => {
  const stream = summing().feed(null, 1).feed('a', null).feed(null, null)
  expect(stream.rows).toEqual([])
  expect(stream.drops).toEqual({ 'null-key': 2, 'null-value': 1 })
})

test('a total that becomes null is a deletion, and the next value starts anew', () => {
  const stream = memoryStream<number>((input) =>
    input
      .groupByKey()
      .aggregate({ ...sums, add: (total, value) => (value < 0 ? null : total + value) })
      .toStream()
      .to('out', out),
  )
  stream.feed('a', 5, 10).feed('a', -1, 20).feed('a', 1, 15)
  expect(stream.rows).toEqual([
    ['a', 5, 10],
    ['a', null, 20],
    ['a', 1, 15],
  ])
  expect(stream.task.context.keyValueStores.get('sums')!.rows()).toHaveLength(1)
})

test('a deletion of what is not there goes on, as in Kafka Streams', () => {
  const stream = memoryStream<number>((input) =>
    input
      .groupByKey()
      .aggregate({ ...sums, add: () => null })
      .toStream()
      .to('out', out),
  )
  expect(stream.feed('a', 1, 10).rows).toEqual([['a', null, 10]])
})

test('count counts, reduce starts with the first value', () => {
  const stream = memoryStream<number>((input) => {
    const grouped = input.groupByKey()
    grouped.count({ store: 'counts' }).toStream().to('counts', out)
    grouped
      .reduce({ store: 'greatest', value: json<number>(), add: (greatest, value) => Math.max(greatest, value) })
      .toStream()
      .to('greatest', out)
  })
  stream.feed('a', 7).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual([1, 7, 2, 7])
})

test('a starting total is made for each key', () => {
  const lists = {
    store: 'lists',
    value: json<number[]>(),
    initial: (): number[] => [],
    add: (list: number[], value: number) => [...list, value],
  }
  const stream = memoryStream<number>((input) =>
    input.groupByKey().aggregate(lists).toStream().to('out', { key: string, value: json() }),
  )
  stream.feed('a', 1).feed('b', 2).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual([[1], [2], [1, 3]])
})

test('what add throws leaves the total as it was', () => {
  const add = (total: number, value: number): number => {
    if (value === 2) throw new Error('two')
    return total + value
  }
  const stream = memoryStream<number>(
    (input) =>
      input
        .groupByKey()
        .aggregate({ ...sums, add })
        .toStream()
        .to('out', out),
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 1).feed('a', 2).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual([1, 4])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('the last total of a key is the sum of its values', () => {
  const records = fc.array(
    fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.integer({ min: -9, max: 9 }), timestamp: fc.nat({ max: 99 }) }),
  )
  fc.assert(
    fc.property(records, (given) => {
      const stream = summing()
      for (const { key, value, timestamp } of given) stream.feed(key, value, timestamp)
      const stored = stream.task.context.keyValueStores
        .get('sums')!
        .rows()
        .map(({ key, value, timestamp }) => [key, value, timestamp])
      const expected = [...Map.groupBy(given, ({ key }) => key)].map(([key, own]) => [
        key,
        own.reduce((sum, { value }) => sum + value, 0),
        Math.max(...own.map(({ timestamp }) => timestamp)),
      ])
      expect(stored).toEqual(expected.toSorted(([a], [b]) => (a! < b! ? -1 : 1)))
    }),
  )
})
