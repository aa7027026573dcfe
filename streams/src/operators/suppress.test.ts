import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { json, string } from '@millrace/core'
import { MemoryContext } from '../testing/memory-context.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { Rec } from '../task/rec.ts'
import { millis } from '../time/duration.ts'
import { suppress, type Suppression } from '../time/suppression.ts'
import { session, tumbling, type Grace } from '../time/windows.ts'
import { buildTopology } from './build-topology.ts'

/** The last text of each key; `-` deletes it. */
function held(until: Suppression<string>, store: string = 'held'): MemoryStream {
  return memoryStream<string>((input) =>
    input
      .groupByKey()
      .reduce({ store: 'last', value: string, add: (_total, value) => (value === '-' ? null : value) })
      .suppress({ store, value: string, until })
      .toStream()
      .to('out', { key: string, value: json() }),
  )
}

/** Texts in windows of 10 ms, each once. */
function closed(grace: Grace, bounds = {}): MemoryStream {
  return memoryStream<string>((input) =>
    input
      .groupByKey()
      .windowedBy(tumbling({ size: millis(10), grace }))
      .reduce({ store: 'texts', value: string, add: (total, value) => (value === '-' ? null : total + value) })
      .emitOnUpdate()
      .suppress({ store: 'held', value: string, until: suppress.untilWindowCloses(bounds) })
      .toStream()
      .map((value, { key, start }) => ({ key: `${key}@${start}`, value }))
      .to('out', { key: string, value: json() }),
  )
}

describe('until a time limit', () => {
  test('the last value of a key goes out with its own time, when its first has waited so long', () => {
    const stream = held(suppress.untilTimeLimit(millis(10)))
      .feed('a', 'x', 100)
      .feed('a', 'y', 105)
      .feed('b', 'z', 109)
    expect(stream.rows).toEqual([])
    stream.feed('c', 'u', 110)
    expect(stream.rows).toEqual([['a', 'y', 105]])
    stream.feed('a', 'v', 119)
    expect(stream.rows.slice(1)).toEqual([['b', 'z', 109]])
  })

  test('a deletion goes out as well', () => {
    const stream = held(suppress.untilTimeLimit(millis(5)))
      .feed('a', 'x', 1)
      .feed('a', '-', 2)
      .feed('b', 'y', 10)
    expect(stream.rows).toEqual([['a', null, 2]])
  })

  test('a limit of 0 holds nothing back', () => {
    const stream = held(suppress.untilTimeLimit(millis(0)))
      .feed('a', 'x', 1)
      .feed('a', 'y', 1)
    expect(stream.rows.map(([, value]) => value)).toEqual(['x', 'y'])
  })

  test('a buffer that has too many records lets the oldest go', () => {
    const stream = held(suppress.untilTimeLimit(millis(100), { maxRecords: 2 }))
    stream.feed('b', 'x', 2).feed('a', 'y', 1).feed('a', 'z', 5)
    expect(stream.rows).toEqual([])
    stream.feed('c', 'u', 3)
    expect(stream.rows).toEqual([['a', 'z', 5]])
  })

  test('a buffer that has too many bytes lets the oldest go', () => {
    const stream = held(suppress.untilTimeLimit(millis(100), { maxBytes: 8 }))
      .feed('a', '123', 1)
      .feed('b', '123', 2)
    expect(stream.rows).toEqual([])
    stream.feed('b', '1234', 3)
    expect(stream.rows).toEqual([['a', '123', 1]])
    expect(stream.feed('b', '1', 4).rows).toHaveLength(1)
  })

  test('a full buffer stops the application where it shall', () => {
    const stream = held(suppress.untilTimeLimit(millis(100), { maxRecords: 1, whenFull: 'fail' })).feed('a', 'x', 1)
    expect(() => stream.feed('b', 'y', 1)).toThrow('SUPPRESS_BUFFER_FULL')
  })

  test('what has waited long enough makes room before the buffer is full', () => {
    const stream = held(suppress.untilTimeLimit(millis(10), { maxRecords: 1, whenFull: 'fail' }))
      .feed('a', 'x', 1)
      .feed('b', 'y', 11)
    expect(stream.rows).toEqual([['a', 'x', 1]])
  })

  test('the end of the input lets everything go, the oldest first', () => {
    const stream = held(suppress.untilTimeLimit(millis(1000)))
      .feed('b', 'x', 1)
      .feed('a', 'y', 2)
    stream.app.endOfInput()
    expect(stream.rows.map(([key]) => key)).toEqual(['b', 'a'])
    expect(stream.task.context.windowStores.get('held')!.rows()).toEqual([])
  })
})

describe('until windows close', () => {
  test('each row goes out once, with its last value and its own time', () => {
    const stream = closed(millis(5)).feed('a', 'x', 1).feed('a', 'y', 12).feed('a', 'z', 3)
    expect(stream.rows).toEqual([])
    stream.feed('b', 'u', 15)
    expect(stream.rows).toEqual([['a@0', 'xz', 3]])
    stream.app.endOfInput()
    expect(stream.rows.slice(1)).toEqual([
      ['a@10', 'y', 12],
      ['b@10', 'u', 15],
    ])
  })

  test('a row that was deleted never goes out', () => {
    const stream = closed(millis(0)).feed('a', 'x', 1).feed('a', '-', 2).feed('b', 'y', 20)
    expect(stream.rows).toEqual([])
  })

  test('with grace until the end of the input rows wait for it', () => {
    const stream = closed('end-of-input').feed('a', 'x', 1).feed('a', 'y', 1_000_000).feed('a', 'z', 2)
    expect(stream.rows).toEqual([])
    stream.app.endOfInput()
    expect(stream.rows.map(([key, value]) => [key, value])).toEqual([
      ['a@0', 'xz'],
      ['a@1000000', 'y'],
    ])
    // What the end let go is final for an application that goes on.
    stream.feed('a', 'u', 3)
    expect(stream.drops).toEqual({ late: 1 })
    expect(stream.rows).toHaveLength(2)
  })

  test('a full buffer stops the application: what may still change does not go out', () => {
    const stream = closed(millis(5), { maxRecords: 1 }).feed('a', 'x', 1)
    expect(() => stream.feed('b', 'y', 1)).toThrow(
      'SUPPRESS_BUFFER_FULL: updates of a table are held back, and no more have room (held): expected at most 1 records',
    )
  })

  test('sessions that became one go out as one', () => {
    const add = (total: string, value: string): string => total + value
    const stream = memoryStream<string>((input) =>
      input
        .groupByKey()
        .windowedBy(session({ gap: millis(5), grace: millis(6) }))
        .aggregate({ store: 'texts', value: string, initial: () => '', add, merge: add })
        .emitOnUpdate()
        .suppress({ store: 'held', value: string, until: suppress.untilWindowCloses() })
        .toStream()
        .map((value, { start, end }) => ({ key: `${start}-${end}`, value }))
        .to('out', { key: string, value: json() }),
    )
    stream.feed('a', 'x', 0).feed('a', 'y', 8).feed('a', 'z', 4).feed('b', 'u', 18)
    expect(stream.rows).toEqual([])
    expect(stream.feed('b', 'v', 19).rows).toEqual([['0-8', 'xyz', 8]])
  })
})

const limits = fc.record({
  wait: fc.nat({ max: 30 }),
  maxRecords: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  maxBytes: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
})
const updates = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.constantFrom('-', 'x', 'yy', 'zzz'),
    timestamp: fc.nat({ max: 80 }),
  }),
  { maxLength: 40 },
)

test.prop([updates, limits])(
  'what goes out leaves the last value of every key, never more updates than came in',
  (given, bounds) => {
    const { wait, maxRecords, maxBytes } = bounds
    const options = { ...(maxRecords === undefined ? {} : { maxRecords }), ...(maxBytes === undefined ? {} : { maxBytes }) }
    const stream = held(suppress.untilTimeLimit(millis(wait), options))
    const last = new Map<string, string | null>()
    for (const { key, value, timestamp } of given) {
      stream.feed(key, value, timestamp)
      // The first value of a key is its total as it is.
      last.set(key, (last.get(key) ?? null) !== null && value === '-' ? null : value)
      const rows = stream.task.context.windowStores.get('held')!.rows()
      expect(rows.length).toBeLessThanOrEqual(maxRecords ?? Infinity)
    }
    stream.app.endOfInput()
    const written = new Map(stream.rows.map(([key, value]) => [key, value]))
    expect(written).toEqual(last)
    expect(stream.rows.length).toBeLessThanOrEqual(given.length)
  },
)

test('a task that is opened again knows since when its keys wait, and how many do', () => {
  const subTopology = held(suppress.untilTimeLimit(millis(10), { maxRecords: 2, maxBytes: 100 })).app.plan.subTopologies[0]!
  const context = new MemoryContext({ subTopology })
  const feed = (key: string, value: string, timestamp: number): void => {
    buildTopology(subTopology, context)
      .source('in')
      .next(new Rec(key, value, timestamp))
    context.closeDue()
  }
  feed('a', 'x', 1)
  feed('a', 'y', 5)
  feed('b', 'z', 6)
  expect(
    context.windowStores
      .get('held')!
      .rows()
      .map(({ key, start }) => [key, start]),
  ).toEqual([
    ['a', 1],
    ['b', 6],
  ])
  feed('c', 'u', 7)
  expect(context.outputs.map(({ key, value }) => [key, value])).toEqual([['a', 'y']])
  feed('b', 'v', 16)
  expect(context.outputs.slice(1).map(({ key, value }) => [key, value])).toEqual([['b', 'v']])
})

describe('bad use', () => {
  const table = (): { until: (until: Suppression<string>) => unknown } => ({ until: held })
  test.each([
    [() => suppress.untilTimeLimit(-1 as never), 'WINDOW_INVALID: the time limit'],
    [() => suppress.untilTimeLimit(millis(1), { maxRecords: 0 }), 'not a count (suppress, maxRecords)'],
    [() => suppress.untilTimeLimit(millis(1), { whenFull: 'wait' as never }), 'expected emit or fail, received wait'],
    [() => suppress.untilWindowCloses({ whenFull: 'emit' } as never), 'unknown option (suppress.untilWindowCloses)'],
    [() => table().until(suppress.untilWindowCloses() as never), 'the keys of the table have no windows to wait for'],
    [() => table().until('soon' as never), 'nothing says until when'],
    [() => table().until(undefined as never), 'nothing says until when'],
  ])('%s is refused', (use, message) => {
    expect(use).toThrow(message)
  })

  test('a store has a name of its own', () => {
    const until = suppress.untilTimeLimit(millis(1))
    expect(() => held(until, '')).toThrow('TOPOLOGY_NAME_MISSING')
    expect(() => held(until, 'last')).toThrow('TOPOLOGY_NAME_TAKEN')
  })
})
