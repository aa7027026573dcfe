/** Secondary indexes of the stores of processors. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { StoredRow } from '../graph/stores.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { keyValueStore } from './processors.ts'

interface Order {
  readonly user: string | null
  readonly amount: number
}

const orders = keyValueStore({
  name: 'orders',
  key: string,
  value: json<Order>(),
  ttl: millis(1000),
  indexes: {
    byUser: { key: string, of: (order) => order.user },
    byAmount: { key: int64, of: ({ amount }, key) => (key === 'hidden' ? null : amount) },
  },
})
type Context = ProcessorContext<string, string, typeof orders>
type Range = Parameters<typeof found>[1]

function found(
  context: Context,
  range: { index: 'byUser'; equals?: string; from?: string; to?: string; prefix?: string; reverse?: boolean },
) {
  const keys: string[] = []
  context.scan(
    orders,
    range,
    (row) => {
      keys.push(row.key)
    },
    () => context.forward({ key: 'found', value: keys.join(' ') }),
  )
}

function withOrders(work: (context: Context, record: StreamRecord<string, Order | null>) => void): MemoryStream {
  return memoryStream<Order | null>((input) =>
    input
      .process({ name: 'p', stores: [orders], open: (context: Context) => ({ process: (record) => work(context, record) }) })
      .to('out', { key: string, value: string }),
  )
}

describe('an index', () => {
  test.each<[Range, string]>([
    [{ index: 'byUser' }, '3 1 4 5 2'],
    [{ index: 'byUser', reverse: true }, '2 5 4 1 3'],
    [{ index: 'byUser', equals: 'ann' }, '1 4'],
    [{ index: 'byUser', equals: 'ann', reverse: true }, '4 1'],
    [{ index: 'byUser', prefix: 'ann' }, '1 4 5'],
    [{ index: 'byUser', from: 'ann', to: 'anna' }, '1 4 5'],
    [{ index: 'byUser', from: 'anna' }, '5 2'],
    [{ index: 'byUser', to: 'am' }, '3'],
    [{ index: 'byUser', equals: 'nobody' }, ''],
  ])('finds rows by %o', (range, expected) => {
    const users = { '1': 'ann', '2': 'bob', '3': 'al', '4': 'ann', '5': 'anna', '6': null }
    const stream = withOrders((context, { key }) => {
      if (key === 'look') return found(context, range)
      context.store(orders).put(key, { user: users[key as '1'], amount: 1 })
    })
    for (const key of Object.keys(users)) stream.feed(key, null)
    stream.feed('look', null)
    expect(stream.rows.at(-1)![1]).toBe(expected)
  })

  test('follows its rows: moved, deleted, gone', () => {
    const stream = withOrders((context, { key, value }) => {
      if (key === 'look') found(context, { index: 'byUser', prefix: '' })
      else context.store(orders).put(key, value)
    })
    const look = (time: number): unknown => stream.feed('look', null, time).rows.at(-1)![1]
    stream.feed('1', { user: 'b', amount: 1 }, 10).feed('2', { user: 'a', amount: 1 }, 20).feed('3', { user: 'c', amount: 1 }, 30)
    expect(look(30)).toBe('2 1 3')
    stream.feed('1', { user: 'd', amount: 1 }, 40).feed('3', { user: null, amount: 1 }, 40)
    expect(look(40)).toBe('2 1')
    stream.feed('1', null, 50)
    expect(look(50)).toBe('2')
    expect(look(1020)).toBe('')
  })

  test('shows a row that a scan moves, or takes away, no more where it stood', () => {
    const seen: string[] = []
    const stream = withOrders((context, { key, value }) => {
      const store = context.store(orders)
      if (key !== 'look') return store.put(key, value)
      context.scan(orders, { index: 'byUser' }, (row) => {
        seen.push(`${row.key} ${row.value.user} ${row.value.amount}`)
        if (row.key === '1') store.delete('2')
        store.put('3', { user: 'z', amount: 1 })
        store.put('4', { user: 'd', amount: 9 })
      })
    })
    for (const [key, user] of Object.entries({ 1: 'a', 2: 'b', 3: 'c', 4: 'd' })) stream.feed(key, { user, amount: 1 })
    stream.feed('look', null)
    expect(seen).toEqual(['1 a 1', '4 d 9'])
  })

  test('that is not there, or asked for in two ways, is refused', () => {
    const refused = (range: unknown, code: RegExp): void => {
      const stream = withOrders((context) => context.scan(orders, range as { index: 'byUser' }, () => {}))
      expect(() => stream.feed('a', null)).toThrow(code)
    }
    refused({ index: 'byColour' }, /INVALID_STREAM_OPTION.*index.*byUser, byAmount/s)
    refused({ index: 'byUser', equals: 'a', from: 'a' }, /INVALID_STREAM_OPTION.*equals/s)
    refused({ index: 'byUser', equals: 'a', prefix: 'a' }, /INVALID_STREAM_OPTION.*equals/s)
    refused({ equals: 'a' }, /INVALID_STREAM_OPTION.*equals/s)
    expect(() => keyValueStore({ name: 'x', key: string, value: string, indexes: { a: { key: string } as never } })).toThrow(
      /INVALID_STREAM_OPTION.*index a, of/s,
    )
    expect(() => keyValueStore({ name: 'x', key: string, value: string, indexes: { a: { of: String } as never } })).toThrow(
      /INVALID_STREAM_OPTION.*index a, key/s,
    )
  })
})

test('ranges of indexes have the types of their keys', () => {
  withOrders((context) => {
    context.scan(orders, { index: 'byAmount', from: 5, reverse: true }, (row) => {
      expectTypeOf(row).toEqualTypeOf<StoredRow<string, Order>>()
    })
    context.scan('orders', { index: 'byUser', equals: 'a' }, () => {})
    // @ts-expect-error its keys are numbers
    context.scan(orders, { index: 'byAmount', from: 'a' }, () => {})
    // @ts-expect-error there is none of the name
    context.scan(orders, { index: 'byColour' }, () => {})
  })
  // @ts-expect-error the index gives no numbers
  keyValueStore({ name: 'x', key: string, value: string, indexes: { a: { key: int64, of: (value) => value } } })
})
