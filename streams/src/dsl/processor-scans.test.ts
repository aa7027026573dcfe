/** Scans of stores in processors. */
import { describe, expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { MemoryAppOptions } from '../testing/memory-app.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import { keyValueStore, windowStore } from './processors.ts'

const orders = keyValueStore({ name: 'orders', key: string, value: int64 })
const visits = windowStore({ name: 'visits', key: string, value: int64, retention: millis(1000) })
const text = { key: string, value: string }

type Context = ProcessorContext<string, string, typeof orders | typeof visits>
type Rec = StreamRecord<string, number>

function scanning(process: (context: Context, record: Rec) => void, options: MemoryAppOptions = {}): MemoryStream {
  return memoryStream<number>(
    (input) =>
      input
        .process({
          name: 'p',
          stores: [orders, visits],
          open: (context: Context) => ({ process: (record) => process(context, record) }),
        })
        .to('out', text),
    options,
  )
}

/** Stores every record; one of value 0 asks for a scan and is forwarded with what it found. */
function found(range: Parameters<typeof ask>[1]): (context: Context, record: Rec) => void {
  return (context, { key, value }) => {
    if (value === 0) return ask(context, range)
    context.store(orders).put(key, value)
  }
}

function ask(context: Context, range: { from?: string; to?: string; prefix?: string | Uint8Array; reverse?: boolean }): void {
  const rows: string[] = []
  context.scan(
    orders,
    range,
    ({ key, value, timestamp }) => {
      rows.push(`${key}${value}@${timestamp}`)
    },
    () => context.forward({ key: 'found', value: rows.join(' ') }),
  )
}

describe('a scan', () => {
  test.each([
    [{}, 'a1@1 ab2@2 b4@4 bü5@5'],
    [{ reverse: true }, 'bü5@5 b4@4 ab2@2 a1@1'],
    [{ from: 'ab', to: 'b' }, 'ab2@2 b4@4'],
    [{ from: 'ab', to: 'b', reverse: true }, 'b4@4 ab2@2'],
    [{ prefix: 'a' }, 'a1@1 ab2@2'],
    [{ prefix: Buffer.from('bü') }, 'bü5@5'],
    [{ from: 'c' }, ''],
  ])('goes over the range %o', (range, expected) => {
    const stream = scanning(found(range))
    stream.feed('b', 4, 4).feed('a', 1, 1).feed('bü', 5, 5).feed('ab', 2, 2).feed('x', 0, 9)
    expect(stream.rows).toEqual([['found', expected, 9]])
  })

  test('goes over the windows of a time', () => {
    const seen: unknown[] = []
    const stream = scanning((context, { key, value, timestamp }) => {
      context.store(visits).put(key, value, timestamp)
      if (value < 4) return
      for (const reverse of [false, true]) {
        context.scan('visits', { from: 2, to: 3, reverse }, (row) => {
          seen.push(row)
        })
      }
    })
    stream.feed('b', 1, 2).feed('a', 2, 2).feed('a', 3, 1).feed('a', 4, 3)
    const rows = [
      { key: 'a', start: 2, value: 2, timestamp: 2 },
      { key: 'b', start: 2, value: 1, timestamp: 2 },
      { key: 'a', start: 3, value: 4, timestamp: 3 },
    ]
    expect(seen).toEqual([...rows, ...rows.toReversed()])
  })

  test('comes when the record is done, with its time and place, and in the order of asking', () => {
    const seen: string[] = []
    const stream = scanning((context, { key, timestamp }) => {
      context.store(orders).put(key, timestamp)
      const look = (name: string): void => {
        seen.push(`${name} ${key} ${context.meta.offset} ${context.meta.timestamp}`)
      }
      context.scan(orders, { from: key, to: key }, () => {
        look('first')
        context.scan(
          orders,
          {},
          (_, stop) => stop(),
          () => look('third'),
        )
      })
      context.scan(
        orders,
        { from: 'none', to: 'none' },
        () => look('never'),
        () => look('second'),
      )
      look('record')
      context.forward({ key, value: '', timestamp: 99 })
    })
    stream.feed('a', 1, 10).feed('b', 1, 20)
    const of = (record: string): string[] => ['record', 'first', 'second', 'third'].map((name) => `${name} ${record}`)
    expect(seen).toEqual([...of('a 0 10'), ...of('b 1 20')])
  })

  test('shows what stands there when it begins; it may write', () => {
    const stream = scanning((context, { key, value }) => {
      const store = context.store(orders)
      if (value > 0) return store.put(key, value)
      const rows: string[] = []
      context.scan(
        orders,
        {},
        ({ key: item, value: amount }) => {
          rows.push(`${item}${amount}`)
          store.delete(item)
          store.put(`${item}+`, amount + 1)
        },
        () => context.forward({ key, value: rows.join(' ') }),
      )
    })
    stream.feed('a', 1).feed('b', 2).feed('x', 0).feed('y', 0)
    expect(stream.rows.map(([, value]) => value)).toEqual(['a1 b2', 'a+2 b+3'])
  })

  test('of a punctuation belongs to it', () => {
    const stream = memoryStream<number>((input) =>
      input
        .process({
          name: 'p',
          stores: [orders],
          open: (context: ProcessorContext<string, string, typeof orders>) => {
            context.schedule(millis(10), 'stream-time', (at) =>
              context.scan(orders, {}, ({ key, value }) => context.forward({ key, value: `${value} at ${at}` })),
            )
            return { process: ({ key, value }) => context.store(orders).put(key, value) }
          },
        })
        .to('out', text),
    )
    stream.feed('a', 1, 5).feed('b', 2, 12).feed('c', 3, 15)
    expect(stream.rows).toEqual([
      ['a', '1 at 5', 5],
      ['a', '1 at 12', 12],
      ['b', '2 at 12', 12],
    ])
  })

  test('that fails ends, and is left out under the policy skip', () => {
    const done: string[] = []
    const process = (context: Context, { key, value }: Rec): void => {
      context.store(orders).put(key, value)
      context.scan(
        orders,
        {},
        (row) => {
          if (row.value === 2) throw new RangeError('two')
          context.forward({ key, value: row.key })
        },
        () => done.push(key),
      )
    }
    expect(() => scanning(process).feed('a', 1).feed('b', 2)).toThrow('two')
    done.length = 0
    const stream = scanning(process, { errorPolicy: 'skip' })
    stream.feed('a', 1).feed('b', 2).feed('c', 3)
    expect(stream.rows.map(([key, value]) => `${String(key)}${String(value)}`)).toEqual(['aa', 'ba', 'ca'])
    expect(done).toEqual(['a'])
    expect(stream.drops).toEqual({ failed: 2 })
  })

  test('of a window that closes is made before the next one closes', () => {
    const seen: string[] = []
    const windows = tumbling({ size: millis(10), grace: millis(0) })
    const stream = memoryStream<number>((input) =>
      input
        .groupByKey()
        .windowedBy(windows)
        .count({ store: 'counts' })
        .emitFinal()
        .process({
          name: 'p',
          stores: [orders],
          open: (context: ProcessorContext<string, string, typeof orders>) => ({
            process({ key: { key }, value }) {
              seen.push(`row ${key}`)
              context.store(orders).put(key, value)
              context.scan(orders, {}, (row) => void seen.push(`scan ${row.key}`))
            },
          }),
        }),
    )
    stream.feed('a', 1, 1).feed('b', 2, 2).feed('a', 3, 50)
    expect(seen).toEqual(['row a', 'scan a', 'row b', 'scan a', 'scan b'])
  })

  test('is refused where it makes no sense', () => {
    const refused = (call: (context: Context) => void, code: RegExp): void => {
      expect(() => scanning(call).feed('a', 1)).toThrow(code)
    }
    const each = (): void => {}
    refused((context) => context.scan('nobody' as 'orders', {}, each), /STORE_UNKNOWN.*nobody/s)
    refused((context) => context.scan(orders, { from: 'a', prefix: 'a' }, each), /INVALID_STREAM_OPTION.*prefix/s)
    refused((context) => context.scan(orders, { prefix: 5 as never }, each), /INVALID_STREAM_OPTION.*prefix/s)
    refused((context) => context.scan(orders, { reverse: 'yes' as never }, each), /INVALID_STREAM_OPTION.*reverse/s)
    refused((context) => context.scan(orders, { limit: 5 } as never, each), /INVALID_STREAM_OPTION.*limit/s)
    refused((context) => context.scan(visits, { from: 0.5 }, each), /INVALID_STREAM_OPTION.*from/s)
    refused((context) => context.scan(visits, {}, undefined as never), /INVALID_STREAM_OPTION.*each/s)
  })

  test('in open, or after the event, is refused; a promise is refused and says what to do', () => {
    expect(() =>
      memoryStream<number>((input) =>
        input.process({
          name: 'p',
          stores: [orders],
          open: (context) => {
            context.scan(orders, {}, () => {})
            return { process: () => {} }
          },
        }),
      ),
    ).toThrow(/PROCESSOR_INACTIVE/)
    expect(() => scanning(() => Promise.resolve() as unknown as void).feed('a', 1)).toThrow(/USER_CODE_FAILED.*context\.scan/s)
  })
})

test('the values of a scan are of the types of the store', () => {
  memoryStream<number>((input) =>
    input.process({
      name: 'p',
      stores: [orders, keyValueStore({ name: 'json', key: int64, value: json<{ readonly n: number }>() })],
      open: (context) => ({
        process: () => {
          context.scan('json', { from: 5 }, (row) => {
            const { n }: { readonly n: number } = row.value
            return n
          })
          // @ts-expect-error its keys are numbers
          context.scan('json', { from: 'a' }, () => {})
          // @ts-expect-error it has no windows
          context.scan(orders, { from: 5 }, () => {})
          // @ts-expect-error it is not among the stores
          context.scan(visits, {}, () => {})
        },
      }),
    }),
  )
})
