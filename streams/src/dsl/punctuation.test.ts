/** Punctuations as events of a task: their context, what they forward and store, and what happens when they fail. */
import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { keyValueStore } from './processors.ts'
import { StreamsBuilder } from './streams-builder.ts'
import type { ProcessorContext, PunctuationType } from '../graph/processor.ts'
import type { MemoryAppOptions } from '../testing/memory-app.ts'
import { MemoryApp } from '../testing/memory-app.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { hours, millis } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'

const number = { key: string, value: json<number>() }
const totals = keyValueStore({ name: 'totals', key: string, value: int64 })
type Context = ProcessorContext<string, number>

/** Counts records, and forwards the count at each punctuation. */
function counting(type: PunctuationType, options: MemoryAppOptions = {}, failAt: number = -1): MemoryStream {
  const open = (context: Context) => {
    const store = context.store(totals)
    context.schedule(millis(10), type, (timestamp) => {
      if (timestamp === failAt) throw new Error('punctuation')
      context.forward({ key: 'all', value: store.get('all') ?? 0 })
    })
    return { process: () => store.put('all', (store.get('all') ?? 0) + 1) }
  }
  return memoryStream<number>((input) => input.process({ name: 'p', stores: [totals], open }).to('out', number), options)
}

test('by stream time comes after the record that made it due, at the stream time', () => {
  const stream = counting('stream-time')
  stream.feed('a', 1, 5).feed('a', 1, 9).feed('a', 1, 35).feed('a', 1, 20).feed('a', 1, 40)
  expect(stream.rows).toEqual([
    ['all', 1, 5],
    ['all', 3, 35],
    ['all', 5, 40],
  ])
})

test('by the wall clock comes when the clock goes on, at its time, once a leap', () => {
  const stream = counting('wall-clock')
  stream.feed('a', 1, 500)
  stream.app.advanceWallClock(9)
  expect(stream.rows).toEqual([])
  stream.app.advanceWallClock(1)
  stream.app.advanceWallClock(25)
  expect(stream.rows).toEqual([
    ['all', 1, 10],
    ['all', 1, 35],
  ])
})

test('has nothing of the record before it: no topic, no offset, no headers', () => {
  const seen: unknown[] = []
  const stream = memoryStream<number>((input) =>
    input
      .process({
        name: 'p',
        open: (context: Context) => {
          context.schedule(millis(10), 'stream-time', () => {
            const { topic, partition, offset, timestamp, headers } = context.meta
            seen.push({ topic, partition, offset, timestamp, headers })
            context.forward({ key: 'a', value: 1 })
          })
          return { process: () => {} }
        },
      })
      .to('out', number),
  )
  stream.feed('a', 1, 7, [['h', null]])
  expect(seen).toEqual([{ topic: '', partition: 0, offset: -1, timestamp: 7, headers: [] }])
  expect(stream.app.outputs[0]!.headers).toEqual([])
})

test('comes after the rows of windows that its record closed, and its own go on into windows', () => {
  const window = tumbling({ size: millis(10), grace: millis(0) })
  const stream = memoryStream<number>((input) => {
    input
      .groupByKey()
      .windowedBy(window)
      .count({ store: 'before' })
      .emitFinal()
      .to('rows', { key: windowed(string, window), value: int64 })
    input
      .processValues({
        name: 'p',
        open: (context) => {
          context.schedule(millis(10), 'stream-time', () => stream.app.outputs.push({ topic: 'tick' } as never))
          return { process: (record) => context.forward(record) }
        },
      })
      .to('out', number)
  })
  stream.feed('a', 1, 5).feed('a', 1, 10)
  expect(stream.app.outputs.map(({ topic }) => topic)).toEqual(['tick', 'out', 'tick', 'out', 'rows'])
})

test('under fail a punctuation that throws reaches the loop; under skip it is counted, and its schedule goes on', () => {
  expect(() => counting('stream-time', {}, 5).feed('a', 1, 5)).toThrow('punctuation')
  const stream = counting('stream-time', { errorPolicy: 'skip' }, 5)
  stream.feed('a', 1, 5).feed('a', 1, 10)
  expect(stream.rows).toEqual([['all', 2, 10]])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('every processor of a task sees the time of the task, each task its own', () => {
  const builder = new StreamsBuilder()
  const seen: string[] = []
  const open =
    (name: string) =>
    (context: Context): { process(): void } => {
      context.schedule(millis(10), 'stream-time', (at) =>
        seen.push(`${name} ${context.taskId} ${at} ${context.currentStreamTime}`),
      )
      return { process: () => {} }
    }
  const one = builder.stream('one', number)
  one.process({ name: 'p', open: open('p') })
  one.filter(() => false).process({ name: 'q', open: open('q') })
  const app = new MemoryApp(builder.build(), { partitions: { one: 2 } })
  app.process({ topic: 'one', partition: 1, key: 'a', value: 1, timestamp: 7 })
  expect(seen.toSorted()).toEqual(['p 0_1 7 7', 'q 0_1 7 7'])
})

test('what it forwards goes through a repartition to its end', () => {
  const stream = memoryStream<number>((input) =>
    input
      .process({
        name: 'p',
        open: (context: Context) => {
          context.schedule(hours(1), 'wall-clock', (timestamp) => context.forward({ key: 'tick', value: timestamp }))
          return { process: () => {} }
        },
      })
      .repartition({ name: 'r', ...number })
      .to('out', number),
  )
  stream.app.advanceWallClock(3_600_000)
  expect(stream.rows).toEqual([['tick', 3_600_000, 3_600_000]])
})

test.each([
  [0, 'stream-time', () => {}, /interval/],
  [1.5, 'stream-time', () => {}, /interval/],
  [10, 'event-time', () => {}, /stream-time or wall-clock/],
  [10, 'wall-clock', 'text', /punctuate/],
])('schedule(%s, %s, %s) is refused', (interval, type, callback, message) => {
  const open = (context: Context) => {
    context.schedule(interval as never, type as never, callback as never)
    return { process: () => {} }
  }
  expect(() => memoryStream<number>((input) => input.process({ name: 'p', open }))).toThrow(message)
})
