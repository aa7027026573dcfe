import { debounceTime, interval, map, reduce, toArray } from 'rxjs'
import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { memoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import { session, tumbling, unlimited } from '../time/windows.ts'

const windows = tumbling({ size: millis(100), grace: millis(10) })
const kept = { store: 'records', value: int64 }
const out = { key: windowed(string, windows), value: json<unknown>() }

function rowsOf(run: ReturnType<typeof memoryStream>): readonly unknown[] {
  return run.rows.map(([key, value, time]) => [(key as Windowed<string>).key, (key as Windowed<string>).start, value, time])
}

test('a pipeline runs over each key and window when it is closed, by time, whatever the order in which they came', () => {
  const run = memoryStream<number>((input) =>
    input
      .windowed(windows, kept, (records, { scheduler }) => records.pipe(debounceTime(20, scheduler), toArray()))
      .to('out', {
        ...out,
        value: json<readonly number[]>(),
      }),
  )
  run.feed('a', 3, 90).feed('a', 1, 10).feed('b', 9, 50).feed('a', 2, 40).feed('a', 7, 105)
  expect(run.rows).toEqual([])
  run.feed('c', 1, 110)
  expect(rowsOf(run)).toEqual([
    ['a', 0, [1, 2, 3], 99],
    ['b', 0, [9], 99],
  ])
  run.feed('a', 4, 60)
  expect(run.drops).toEqual({ late: 1 })
  run.app.endOfInput()
  expect(rowsOf(run).slice(2)).toEqual([
    ['a', 100, [7], 199],
    ['c', 100, [1], 199],
  ])
})

test('a pipeline that fails, or does not end, is an error', () => {
  const failing = memoryStream<number>((input) =>
    input
      .windowed(windows, kept, (records) =>
        records.pipe(
          map((one) => {
            if (one === 2) throw new Error('two')
            return one
          }),
        ),
      )
      .to('out', { ...out, value: json<number>() }),
  )
  failing.feed('a', 2, 0)
  expect(() => failing.app.endOfInput()).toThrow('two')
  const endless = memoryStream<number>((input) =>
    input
      .windowed(windows, kept, (_records, { scheduler }) => interval(50, scheduler))
      .to('out', { ...out, value: json<number>() }),
  )
  endless.feed('a', 2, 0)
  expect(() => endless.app.endOfInput()).toThrow(expect.objectContaining({ code: 'RX_NOT_ENDED' }))
})

test('under skip a window whose pipeline fails gives nothing, and the others go on', () => {
  const run = memoryStream<number>(
    (input) =>
      input
        .windowed(windows, kept, (records) =>
          records.pipe(
            reduce((sum, one) => {
              if (one === 2) throw new Error('two')
              return sum + one
            }, 0),
          ),
        )
        .to('out', { ...out, value: json<number>() }),
    { errorPolicy: 'skip' },
  )
  run.feed('a', 1, 0).feed('a', 2, 1).feed('b', 3, 0)
  run.app.endOfInput()
  expect(rowsOf(run)).toEqual([['b', 0, 3, 99]])
  expect(run.drops).toEqual({ failed: 1 })
})

test('a window keeps so many records', () => {
  const build = (errorPolicy: 'fail' | 'skip') =>
    memoryStream<number>(
      (input) =>
        input
          .windowed(windows, { ...kept, maxRecords: 2 }, (records) => records.pipe(toArray()))
          .to('out', { ...out, value: json<readonly number[]>() }),
      { errorPolicy },
    )
  const failing = build('fail').feed('a', 1, 0).feed('a', 2, 0)
  expect(() => failing.feed('a', 3, 0)).toThrow(expect.objectContaining({ code: 'WINDOW_FULL' }))
  const skipping = build('skip').feed('a', 1, 0).feed('a', 2, 0).feed('a', 3, 0).feed('a', 4, 100)
  skipping.app.endOfInput()
  expect(skipping.rows.map(([, value]) => value)).toEqual([[1, 2], [4]])
  expect(skipping.drops).toEqual({ failed: 1 })
})

test('a session is a window: its records are merged by time', () => {
  const gaps = session({ gap: millis(10), grace: millis(20) })
  const run = memoryStream<number>((input) =>
    input
      .windowed(gaps, kept, (records) => records.pipe(toArray()))
      .to('out', {
        key: windowed(string, gaps),
        value: json<readonly number[]>(),
      }),
  )
  run.feed('a', 1, 5).feed('a', 3, 25).feed('a', 2, 15).feed('a', 9, 100)
  run.app.endOfInput()
  expect(rowsOf(run)).toEqual([
    ['a', 5, [1, 2, 3], 25],
    ['a', 100, [9], 100],
  ])
})

test('a window without an end ends with its last record', () => {
  const all = unlimited()
  const run = memoryStream<number>((input) =>
    input
      .windowed(all, kept, (records, { scheduler }) => records.pipe(debounceTime(20, scheduler)))
      .to('out', {
        key: windowed(string, all),
        value: json<number>(),
      }),
  )
  run.feed('a', 1, 5).feed('a', 2, 30)
  run.app.endOfInput()
  expect(rowsOf(run)).toEqual([
    ['a', 0, 1, 25],
    ['a', 0, 2, 30],
  ])
})
