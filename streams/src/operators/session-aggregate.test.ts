import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { session, type Grace } from '../time/windows.ts'

const add = (total: string, value: string): string => total + value
const texts = { store: 'texts', value: string, initial: () => '', add, merge: add }

/** Text in sessions with a gap of 5 ms, out as `key@start-end`. */
function sessions(grace: Grace, emit: 'final' | 'update' = 'update', errorPolicy: 'fail' | 'skip' = 'fail'): MemoryStream {
  return memoryStream<string>(
    (input) => {
      const table = input
        .groupByKey()
        .windowedBy(session({ gap: millis(5), grace }))
        .aggregate(texts)
      const rows = emit === 'final' ? table.emitFinal() : table.emitOnUpdate().toStream()
      rows
        .map((value, { key, start, end }) => ({ key: `${key}@${start}-${end}`, value }))
        .to('out', { key: string, value: json() })
    },
    { errorPolicy },
  )
}

type Given = readonly [key: string, value: string, timestamp: number]

function outputs(stream: MemoryStream, given: readonly Given[]): readonly string[] {
  return given.map(([key, value, timestamp]) => {
    const before = stream.rows.length
    stream.feed(key, value, timestamp)
    return stream.rows
      .slice(before)
      .map(([row, text, stamp]) => `${String(row)}=${String(text)}@${stamp}`)
      .join(' ')
  })
}

/** As Kafka Streams 4.3.1 answers to the same records, one line a record. */
test('sessions grow, meet and are taken back, as in Kafka', () => {
  const given: readonly Given[] = [
    ['a', 'x', 10],
    ['a', 'y', 15],
    ['a', 'z', 12],
    ['a', 'u', 21],
    ['a', 'v', 18],
    ['b', 'w', 18],
    ['b', 'w', 18],
    ['a', 't', 5],
  ]
  expect(outputs(sessions(millis(100)), given)).toEqual([
    'a@10-10=x@10',
    'a@10-10=null@10 a@10-15=xy@15',
    'a@10-15=null@15 a@10-15=xyz@15',
    'a@21-21=u@21',
    'a@10-15=null@15 a@21-21=null@21 a@10-21=xyzuv@21',
    'b@18-18=w@18',
    'b@18-18=ww@18',
    'a@10-21=null@21 a@5-21=xyzuvt@21',
  ])
})

test('a pause of the gap is in a session, a longer one is not', () => {
  expect(
    outputs(sessions(millis(100), 'final'), [
      ['a', 'x', 0],
      ['a', 'y', 5],
      ['a', 'z', 11],
      ['a', 'u', 500],
    ]).at(-1),
  ).toBe('a@0-5=xy@5 a@11-11=z@11')
})

test('a record is late when its session ends before stream time less grace and gap', () => {
  const stream = sessions(millis(3)).feed('b', 'x', 20)
  expect(
    outputs(stream, [
      ['a', 'on time', 12],
      ['c', 'late', 11],
    ]),
  ).toEqual(['a@12-12=on time@12', ''])
  expect(stream.drops).toEqual({ late: 1 })
})

test('a record that is late itself is taken by a session that goes on', () => {
  const stream = sessions(millis(0)).feed('a', 'x', 10).feed('a', 'y', 15).feed('a', 'z', 20)
  expect(outputs(stream, [['a', 'u', 8]])).toEqual(['a@10-20=null@20 a@8-20=xyzu@20'])
})

test('final rows come once, when their sessions are closed, by end, start and key', () => {
  const stream = sessions(millis(2), 'final')
  const given: readonly Given[] = [
    ['b', 'x', 10],
    ['a', 'y', 10],
    ['c', 'z', 8],
    ['c', 'u', 10],
    ['d', 'now', 17],
    ['d', 'then', 18],
  ]
  expect(outputs(stream, given)).toEqual(['', '', '', '', '', 'c@8-10=zu@10 a@10-10=y@10 b@10-10=x@10'])
  stream.app.endOfInput()
  expect(stream.rows.at(-1)).toEqual(['d@17-18', 'nowthen', 18])
  expect(stream.task.context.windowStores.get('texts')!.rows()).toEqual([])
})

test('what is closed is not joined any more: a late neighbour begins a session of its own', () => {
  const stream = sessions(millis(0), 'final').feed('a', 'x', 10)
  expect(
    outputs(stream, [
      ['b', 'y', 16],
      ['a', 'z', 13],
      ['b', 'u', 30],
    ]),
  ).toEqual(['a@10-10=x@10', '', 'a@13-13=z@13 b@16-16=y@16'])
})

test('a null key or value is dropped and counted', () => {
  const stream = sessions(millis(0)).feed(null, 'x', 100).feed('a', null, 100).feed('a', 'x', 1)
  expect(stream.drops).toEqual({ 'null-key': 1, 'null-value': 1 })
  expect(stream.rows).toHaveLength(1)
})

test('counts add up and values are reduced where sessions meet', () => {
  const windows = session({ gap: millis(5), grace: 'end-of-input' })
  const stream = memoryStream<number>((input) => {
    const grouped = input.groupByKey().windowedBy(windows)
    grouped
      .count({ store: 'counts' })
      .emitFinal()
      .map((value) => ({ key: 'count', value }))
      .to('out', { key: string, value: int64 })
    grouped
      .reduce({ store: 'sums', value: int64, add: (total, value) => total + value })
      .emitFinal()
      .map((value) => ({ key: 'sum', value }))
      .to('out', { key: string, value: int64 })
  })
  stream.feed('a', 1, 0).feed('a', 10, 10).feed('a', 100, 5)
  stream.app.endOfInput()
  expect(stream.rows.map(([key, value]) => [key, value])).toEqual([
    ['count', 3],
    ['sum', 111],
  ])
})

test('a session whose total becomes null is gone', () => {
  const stream = memoryStream<string>((input) =>
    input
      .groupByKey()
      .windowedBy(session({ gap: millis(5), grace: 'end-of-input' }))
      .aggregate({ ...texts, add: (total, value) => (value === 'end' ? null : total + value) })
      .emitFinal()
      .map((value, { start }) => ({ key: String(start), value }))
      .to('out', { key: string, value: string }),
  )
  stream.feed('a', 'x', 0).feed('a', 'end', 3).feed('a', 'y', 4)
  stream.app.endOfInput()
  expect(stream.rows).toEqual([['4', 'y', 4]])
})

test('when merging fails and failures are skipped, sessions stay as they were', () => {
  const stream = memoryStream<string>(
    (input) =>
      input
        .groupByKey()
        .windowedBy(session({ gap: millis(5), grace: 'end-of-input' }))
        .aggregate({
          ...texts,
          merge: (total, other) => {
            if (total !== '') throw new Error('no merge')
            return other
          },
        })
        .emitFinal()
        .map((value, { start, end }) => ({ key: `${start}-${end}`, value }))
        .to('out', { key: string, value: string }),
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 'x', 0).feed('a', 'y', 8).feed('a', 'between', 4)
  expect(stream.drops).toEqual({ failed: 1 })
  stream.app.endOfInput()
  expect(stream.rows.map(([key, value]) => [key, value])).toEqual([
    ['0-0', 'x'],
    ['8-8', 'y'],
  ])
})
