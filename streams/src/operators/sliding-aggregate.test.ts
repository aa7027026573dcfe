import { expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { sliding, type Grace } from '../time/windows.ts'

/** Text in windows of 10 ms and their end, out as `key@start-end`. */
function slides(grace: Grace, emit: 'final' | 'update' = 'update', errorPolicy: 'fail' | 'skip' = 'fail'): MemoryStream {
  return memoryStream<string>(
    (input) => {
      const add = (total: string, value: string): string => {
        if (value === '!') throw new Error('no')
        return total + value
      }
      const table = input
        .groupByKey()
        .windowedBy(sliding({ difference: millis(10), grace }))
        .aggregate({ store: 'texts', value: string, initial: () => '', add })
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
test('left and right windows are made and updated as in Kafka, in its order', () => {
  const given: readonly Given[] = [
    ['a', 'x', 3],
    ['a', 'y', 8],
    ['a', 'z', 14],
    ['a', 'u', 11],
    ['a', 'v', 25],
    ['a', 'w', 25],
    ['a', 't', 20],
    ['b', 's', 12],
    ['a', 'r', 5],
  ]
  expect(outputs(slides(millis(50)), given)).toEqual([
    'a@0-10=x@3',
    'a@4-14=y@8 a@0-10=xy@8',
    'a@4-14=yz@14 a@9-19=z@14',
    'a@9-19=zu@14 a@4-14=yzu@14 a@1-11=xyu@11 a@12-22=z@14',
    'a@15-25=v@25 a@15-25=v@25',
    'a@15-25=vw@25',
    'a@15-25=vwt@25 a@12-22=zt@20 a@10-20=zut@20 a@21-31=vw@25',
    'b@2-12=s@12',
    'a@1-11=xyur@11 a@4-14=yzur@14 a@6-16=yzu@14 a@0-10=xyr@8',
  ])
})

test('a record is late when even the window that begins at it is closed', () => {
  const stream = slides(millis(5)).feed('b', 'x', 40)
  expect(
    outputs(stream, [
      ['a', 'late', 24],
      ['a', 'on time', 25],
    ]),
  ).toEqual(['', ''])
  // The left window of 25 is closed, and nothing calls for a right one.
  expect(stream.drops).toEqual({ late: 2 })
})

test('a closed window takes nothing more, an open one of the same record does', () => {
  const stream = slides(millis(0)).feed('a', 'x', 30).feed('a', 'y', 35)
  expect(outputs(stream, [['a', 'z', 28]])).toEqual(['a@25-35=xyz@35 a@29-39=xy@35'])
  expect(stream.drops).toEqual({ late: 2 })
})

test('final rows come once, when stream time is beyond end and grace', () => {
  const stream = slides(millis(2), 'final').feed('b', 'x', 20).feed('a', 'y', 20)
  expect(
    outputs(stream, [
      ['c', 'z', 22],
      ['c', 'u', 23],
    ]),
  ).toEqual(['', 'a@10-20=y@20 b@10-20=x@20'])
  stream.app.endOfInput()
  expect(stream.rows.slice(2).map(([row, value]) => [row, value])).toEqual([
    ['c@12-22', 'z'],
    ['c@13-23', 'zu'],
    ['c@23-33', 'u'],
  ])
})

test('what a closed window holds begins the windows of records that come later', () => {
  const stream = slides(millis(0), 'final').feed('a', 'x', 20).feed('b', 'now', 29).feed('a', 'y', 30)
  stream.app.endOfInput()
  expect(stream.rows.map(([row, value]) => [row, value])).toEqual([
    ['a@10-20', 'x'],
    ['b@19-29', 'now'],
    ['a@20-30', 'xy'],
    ['a@21-31', 'y'],
  ])
})

test('with a difference of 0 a window holds one millisecond', () => {
  const stream = memoryStream<string>((input) =>
    input
      .groupByKey()
      .windowedBy(sliding({ difference: millis(0), grace: millis(0) }))
      .count({ store: 'counts' })
      .emitFinal()
      .map((value, { start, end }) => ({ key: `${start}-${end}`, value }))
      .to('out', { key: string, value: json() }),
  )
  stream.feed('a', '', 0).feed('a', '', 0).feed('a', '', 1)
  expect(stream.rows).toEqual([['0-0', 2, 0]])
})

test('when user code fails and failures are skipped, what came before it in this record stays', () => {
  const stream = slides(millis(50), 'update', 'skip').feed('a', 'x', 20)
  expect(
    outputs(stream, [
      ['a', '!', 22],
      ['a', 'y', 22],
    ]),
  ).toEqual(['', 'a@21-31=y@22 a@12-22=xy@22'])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('a null key or value is dropped and counted', () => {
  const stream = slides(millis(0)).feed(null, 'x', 100).feed('a', null, 100).feed('a', 'x', 1)
  expect(stream.drops).toEqual({ 'null-key': 1, 'null-value': 1 })
})
