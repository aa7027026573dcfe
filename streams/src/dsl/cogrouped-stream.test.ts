import { describe, expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { MemoryApp } from '../testing/memory-app.ts'
import { millis } from '../time/duration.ts'
import { session, tumbling } from '../time/windows.ts'
import type { CogroupedStream } from './cogrouped-stream.ts'
import { StreamsBuilder } from './streams-builder.ts'

interface Customer {
  readonly orders: number
  readonly clicks: string
}
const none = (): Customer => ({ orders: 0, clicks: '' })
const customers = { store: 'customers', value: json<Customer>(), initial: none }

/** Orders (amounts) and clicks (pages) of customers. */
function together(builder: StreamsBuilder): CogroupedStream<string, Customer> {
  const orders = builder.stream('orders', { key: string, value: json<number>() }).groupByKey()
  const clicks = builder.stream('clicks', { key: string, value: string }).groupByKey()
  return orders
    .cogroup<Customer>((total, amount) => ({ ...total, orders: total.orders + amount }))
    .cogroup(clicks, (total, page) => (page === 'forget' ? null : { ...total, clicks: total.clicks + page }))
}

const out = { key: string, value: json<Customer | null>() }

function run(write: (cogrouped: CogroupedStream<string, Customer>) => void): MemoryApp {
  const builder = new StreamsBuilder()
  write(together(builder))
  return new MemoryApp(builder.build())
}

function feed(app: MemoryApp, ...given: readonly (readonly [topic: string, value: unknown, timestamp: number])[]): void {
  for (const [topic, value, timestamp] of given) app.process({ topic, key: 'c', value, timestamp })
}

const rowsOf = (app: MemoryApp): unknown[] => app.outputs.map(({ key, value, timestamp }) => [key, value, timestamp])

test('values of all groups make one total, each by its own adder', () => {
  const app = run((cogrouped) => cogrouped.aggregate(customers).toStream().to('out', out))
  feed(app, ['orders', 5, 10], ['clicks', 'a', 4], ['orders', 2, 20], ['clicks', 'forget', 21], ['clicks', 'b', 22])
  expect(rowsOf(app)).toEqual([
    ['c', { orders: 5, clicks: '' }, 10],
    ['c', { orders: 5, clicks: 'a' }, 10],
    ['c', { orders: 7, clicks: 'a' }, 20],
    ['c', null, 21],
    ['c', { orders: 0, clicks: 'b' }, 22],
  ])
})

test('a null key or value of any group is dropped and counted', () => {
  const app = run((cogrouped) => cogrouped.aggregate(customers).toStream().to('out', out))
  app.process({ topic: 'clicks', key: 'c', value: null, timestamp: 1 })
  app.process({ topic: 'orders', key: null, value: 1, timestamp: 1 })
  expect(Object.fromEntries(app.task('0_0').context.drops)).toEqual({ 'null-key': 1, 'null-value': 1 })
})

test('in windows, and in sessions that become one', () => {
  const windows = run((cogrouped) =>
    cogrouped
      .windowedBy(tumbling({ size: millis(10), grace: 'end-of-input' }))
      .aggregate(customers)
      .emitFinal()
      .map((total, { key, start }) => ({ key: `${key}@${start}`, value: total }))
      .to('out', out),
  )
  feed(windows, ['orders', 5, 1], ['clicks', 'a', 9], ['clicks', 'b', 10])
  windows.endOfInput()
  expect(rowsOf(windows)).toEqual([
    ['c@0', { orders: 5, clicks: 'a' }, 9],
    ['c@10', { orders: 0, clicks: 'b' }, 10],
  ])
  const sessions = run((cogrouped) =>
    cogrouped
      .windowedBy(session({ gap: millis(5), grace: 'end-of-input' }))
      .aggregate({
        ...customers,
        merge: (one, other) => ({ orders: one.orders + other.orders, clicks: one.clicks + other.clicks }),
      })
      .emitFinal()
      .map((total, { key, start, end }) => ({ key: `${key}@${start}-${end}`, value: total }))
      .to('out', out),
  )
  feed(sessions, ['orders', 5, 1], ['clicks', 'b', 10], ['clicks', 'a', 6])
  sessions.endOfInput()
  expect(rowsOf(sessions)).toEqual([['c@1-10', { orders: 5, clicks: 'ba' }, 10]])
})

describe('bad use', () => {
  test('groups whose topics have other numbers of partitions are refused', () => {
    const builder = new StreamsBuilder()
    together(builder).aggregate(customers)
    expect(() => new MemoryApp(builder.build(), { partitions: { orders: 2, clicks: 3 } })).toThrow('PARTITIONS_DIFFER')
  })

  test('a group of another builder is refused', () => {
    const other = new StreamsBuilder().stream('others', { key: string, value: string }).groupByKey()
    expect(() => together(new StreamsBuilder()).cogroup(other, (total) => total)).toThrow('not made by the same StreamsBuilder')
  })

  test('options that are missing or unknown are refused by name', () => {
    const cogrouped = together(new StreamsBuilder())
    expect(() => cogrouped.aggregate({ ...customers, add: 1 } as never)).toThrow('received add')
    expect(() => cogrouped.aggregate({ ...customers, initial: 1 } as never)).toThrow('not a function (aggregate, initial)')
    expect(() => cogrouped.cogroup(undefined as never, (total) => total)).toThrow('TOPOLOGY_INVALID')
    expect(() => cogrouped.windowedBy({} as never)).toThrow('WINDOW_INVALID')
    const sessions = cogrouped.windowedBy(session({ gap: millis(1), grace: millis(0) }))
    expect(() => sessions.aggregate(customers as never)).toThrow('not a function (aggregate, merge)')
  })
})
