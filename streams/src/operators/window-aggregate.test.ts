import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling, type Grace } from '../time/windows.ts'

const add = (total: number, value: number): number => total + value

/** Sums in windows of 10 ms. */
function summing(grace: Grace, partitions?: Readonly<Record<string, number>>): MemoryStream {
  const windows = tumbling({ size: millis(10), grace })
  return memoryStream<number>(
    (input) =>
      input
        .groupByKey()
        .windowedBy(windows)
        .aggregate({ store: 'sums', value: int64, initial: () => 0, add })
        .emitFinal()
        .to('out', { key: windowed(string, windows), value: json<number>() }),
    partitions === undefined ? {} : { partitions },
  )
}

/** Rows as `key@start`, value, timestamp. */
function rowsOf(stream: MemoryStream): readonly (readonly [string, unknown, number])[] {
  return stream.rows.map(([key, value, timestamp]) => {
    const { key: inner, start, end } = key as { key: string; start: number; end: number }
    expect(end).toBe(start + 10)
    return [`${inner}@${start}`, value, timestamp]
  })
}

test('a window is emitted once, when stream time reaches its end and grace', () => {
  const stream = summing(millis(5)).feed('a', 1, 0).feed('a', 2, 9).feed('a', 4, 14)
  expect(rowsOf(stream)).toEqual([])
  expect(rowsOf(stream.feed('b', 1, 15))).toEqual([['a@0', 3, 9]])
})

test('a record on the border belongs to the later window', () => {
  const stream = summing(millis(0)).feed('a', 1, 9).feed('a', 2, 10).feed('a', 4, 20)
  expect(rowsOf(stream)).toEqual([
    ['a@0', 1, 9],
    ['a@10', 2, 10],
  ])
})

test('a record out of order is taken until its window is closed, then it is late', () => {
  const stream = summing(millis(5)).feed('a', 1, 5).feed('b', 1, 14)
  stream.feed('a', 2, 3)
  expect(stream.drops).toEqual({})
  stream.feed('b', 1, 15).feed('a', 4, 9)
  expect(rowsOf(stream)).toEqual([['a@0', 3, 5]])
  expect(stream.drops).toEqual({ late: 1 })
})

test('a record that closes its own past is judged by the time it sets itself', () => {
  const stream = summing(millis(0)).feed('a', 1, 100)
  stream.feed('a', 2, 99)
  expect(stream.drops).toEqual({ late: 1 })
})

test('a late record is late for every key, and moves nothing', () => {
  const stream = summing(millis(0)).feed('a', 1, 25).feed('never seen', 1, 12)
  expect(stream.drops).toEqual({ late: 1 })
  expect(stream.task.context.streamTimes.get('sums')).toMatchObject({ now: 25, closedThrough: -1 })
})

test('rows come by window, then by the bytes of their keys', () => {
  const stream = summing(millis(100))
  for (const key of ['b', 'ä', 'a', 'aa', '\u{1F600}', '\uFFFD']) stream.feed(key, 1, 12).feed(key, 1, 3)
  stream.feed('z', 1, 500)
  const keys = ['a', 'aa', 'b', 'ä', '\uFFFD', '\u{1F600}']
  expect(rowsOf(stream).map(([row]) => row)).toEqual([...keys.map((key) => `${key}@0`), ...keys.map((key) => `${key}@10`)])
})

test('a row has the time of the newest record in it', () => {
  const stream = summing(millis(0)).feed('a', 1, 7).feed('a', 1, 2).feed('b', 1, 30)
  expect(rowsOf(stream)).toEqual([['a@0', 2, 7]])
})

test('what is emitted leaves the store', () => {
  const stream = summing(millis(0)).feed('a', 1, 5).feed('b', 1, 5).feed('a', 1, 15).feed('a', 1, 25)
  expect(stream.task.context.windowStores.get('sums')!.rows()).toMatchObject([{ key: 'a', start: 20 }])
})

test('a null key or value is dropped and counted, and moves no time', () => {
  const stream = summing(millis(0)).feed('a', 1, 5).feed(null, 1, 100).feed('a', null, 100)
  expect(rowsOf(stream)).toEqual([])
  expect(stream.drops).toEqual({ 'null-key': 1, 'null-value': 1 })
})

test('the end of the input closes what is open, the oldest first', () => {
  const stream = summing(millis(1000)).feed('b', 1, 15).feed('a', 2, 15).feed('a', 4, 5)
  stream.app.endOfInput()
  expect(rowsOf(stream)).toEqual([
    ['a@0', 4, 5],
    ['a@10', 2, 15],
    ['b@10', 1, 15],
  ])
  expect(stream.task.context.streamTimes.get('sums')).toMatchObject({ closedThrough: 20 })
})

test('with grace until the end of the input nothing is late and nothing is closed before', () => {
  const stream = summing('end-of-input').feed('a', 1, 1_000_000).feed('a', 2, 0).feed('a', 4, 999)
  expect(rowsOf(stream)).toEqual([])
  stream.app.endOfInput()
  expect(rowsOf(stream)).toEqual([
    ['a@0', 2, 0],
    ['a@990', 4, 999],
    ['a@1000000', 1, 1_000_000],
  ])
  expect(stream.drops).toEqual({})
})

test('after the end a record for a window that was closed is late; a row is not written twice', () => {
  const stream = summing('end-of-input').feed('a', 1, 5)
  stream.app.endOfInput()
  stream.feed('a', 2, 6)
  expect(stream.drops).toEqual({ late: 1 })
  expect(rowsOf(stream)).toHaveLength(1)
})

test('a total that becomes null is no row any more', () => {
  const windows = tumbling({ size: millis(10), grace: millis(0) })
  const stream = memoryStream<number>((input) =>
    input
      .groupByKey()
      .windowedBy(windows)
      .reduce({ store: 'w', value: json<number>(), add: (_total, value) => (value === 0 ? null : value) })
      .emitFinal()
      .to('out', { key: windowed(string, windows), value: json() }),
  )
  stream.feed('a', 1, 1).feed('a', 0, 2).feed('b', 5, 3).feed('a', 1, 50)
  expect(rowsOf(stream)).toEqual([['b@0', 5, 3]])
})

test('a windowed count over one partition does not see the time of another', () => {
  const stream = summing(millis(0), { in: 2 })
  stream.app.process({ topic: 'in', key: 'a', value: 1, timestamp: 1000, partition: 1 })
  stream.feed('a', 1, 5)
  expect(stream.drops).toEqual({})
})
