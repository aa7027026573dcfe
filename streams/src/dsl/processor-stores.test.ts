/** The stores that processors declare. */
import { describe, expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { keyValueStore, windowStore } from './processors.ts'
import { StreamsBuilder } from './streams-builder.ts'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import { MemoryApp, type MemoryAppOptions } from '../testing/memory-app.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'

const text = { key: string, value: string }
const number = { key: string, value: json<number>() }
const totals = keyValueStore({ name: 'totals', key: string, value: int64 })

type Context<K2 = string, V2 = number> = ProcessorContext<K2, V2>
type Rec = StreamRecord<string, number>

/** One processor of numbers, and what it forwards in topic `out`. */
function processing(
  open: (context: Context) => { process(record: Rec): void; close?(): void },
  options: MemoryAppOptions = {},
): MemoryStream {
  return memoryStream<number>((input) => input.process({ name: 'p', stores: [totals], open }).to('out', number), options)
}

describe('stores', () => {
  const counting = (name: string, context: ProcessorContext<string, string>) => {
    const store = context.store(totals)
    return {
      process({ key, value }: Rec): void {
        const total = (store.get(key) ?? 0) + value
        store.put(key, total)
        context.forward({ key, value: `${name} ${total} ${store.getTimed(key)!.timestamp}` })
      },
    }
  }

  test('keep a value a key with its time; null deletes', () => {
    const seen: unknown[] = []
    const stream = processing((context) => {
      const store = context.store(totals)
      return {
        process({ key, value }) {
          store.put(key, value === 0 ? null : value)
          if (value === 7) store.put(key, 7, 77)
          if (value === 8) store.delete(key)
          const timed = store.getTimed(key)
          seen.push(timed && [timed.value, timed.timestamp], store.get('nobody'))
        },
      }
    })
    stream.feed('a', 1, 10).feed('a', 0, 20).feed('a', 7, 30).feed('a', 8, 40)
    expect(seen).toEqual([[1, 10], undefined, undefined, undefined, [7, 77], undefined, undefined, undefined])
  })

  test('are shared by the processors that name them, and join their sub-topologies', () => {
    const builder = new StreamsBuilder()
    for (const topic of ['one', 'two']) {
      builder
        .stream(topic, number)
        .process({ name: topic, stores: [totals], open: (context: ProcessorContext<string, string>) => counting(topic, context) })
        .to(`out-${topic}`, text)
    }
    const app = new MemoryApp(builder.build())
    expect(app.plan.subTopologies.map(({ stores, sources }) => [stores.map(({ name }) => name), sources.length])).toEqual([
      [['totals'], 2],
    ])
    app.process({ topic: 'one', key: 'a', value: 1, timestamp: 1 })
    app.process({ topic: 'two', key: 'a', value: 2, timestamp: 2 })
    expect(app.outputs.map(({ value }) => value)).toEqual(['one 1 1', 'two 3 2'])
    expect(app.plan.internalTopics.map(({ topic }) => topic)).toEqual(['memory-totals-changelog'])
    expect(builder.build().describe()).toContain('Processor: two (stores: [totals])')
  })

  test('of separate processors are separate tasks', () => {
    const builder = new StreamsBuilder()
    const other = keyValueStore({ name: 'other', key: string, value: int64 })
    builder.stream('one', number).process({ name: 'one', stores: [totals], open: () => ({ process: () => {} }) })
    builder.stream('two', number).process({ name: 'two', stores: [other], open: () => ({ process: () => {} }) })
    expect(new MemoryApp(builder.build()).plan.subTopologies).toHaveLength(2)
  })

  test('each task has its own processor and its own rows', () => {
    const opened: string[] = []
    const stream = memoryStream<number>(
      (input) =>
        input
          .process({
            name: 'p',
            stores: [totals],
            open: (context: ProcessorContext<string, string>) => {
              opened.push(`${context.taskId}/${context.partition}`)
              return counting('p', context)
            },
          })
          .to('out', text),
      { partitions: { in: 2 } },
    )
    for (const partition of [0, 1, 1]) stream.app.process({ topic: 'in', key: 'a', value: 1, timestamp: 0, partition })
    expect(opened).toEqual(['0_0/0', '0_1/1'])
    expect(stream.rows.map(([, value]) => value)).toEqual(['p 1 0', 'p 1 0', 'p 2 0'])
  })

  test('by window forget what is older than their retention, and count what comes for it', () => {
    const recent = windowStore({ name: 'recent', key: string, value: int64, retention: millis(10) })
    const starts: unknown[] = []
    const stream = memoryStream<number>((input) =>
      input.process({
        name: 'p',
        stores: [recent],
        open: (context) => {
          const store = context.store('recent')
          return {
            process({ key, value, timestamp }) {
              store.put(key, value, timestamp)
              starts.push([store.firstStart(), store.get(key, timestamp), store.keysAt(timestamp)])
            },
          }
        },
      }),
    )
    stream.feed('a', 1, 0).feed('b', 2, 9).feed('a', 3, 10).feed('a', 4, 0).feed('c', 5, 1)
    expect(starts).toEqual([
      [0, 1, ['a']],
      [0, 2, ['b']],
      [9, 3, ['a']],
      [9, undefined, []],
      [1, 5, ['c']],
    ])
    expect(stream.drops).toEqual({ expired: 1 })
  })

  test('with a time to live show no row that was not written for so long, and count what comes for one', () => {
    const living = keyValueStore({ name: 'living', key: string, value: int64, ttl: millis(10) })
    const seen: unknown[] = []
    const stream = memoryStream<number>((input) =>
      input.process({
        name: 'p',
        stores: [living],
        open: (context) => {
          const store = context.store('living')
          return {
            process({ key, value, timestamp }) {
              if (key === 'delete') return store.delete('a')
              store.put(key, value)
              const rows: string[] = []
              context.scan(
                'living',
                {},
                (row) => void rows.push(`${row.key}${row.value}`),
                () => void seen.push(rows.join(' ')),
              )
              seen.push([timestamp, store.get('a'), store.getTimed('b')?.timestamp])
            },
          }
        },
      }),
    )
    stream.feed('a', 1, 0).feed('b', 2, 9).feed('b', 3, 10).feed('b', 4, 0).feed('a', 5, 11).feed('c', 6, 21).feed('delete', 0, 5)
    expect(seen).toEqual([
      [0, 1, undefined],
      'a1',
      [9, 1, 9],
      'a1 b2',
      [10, undefined, 10],
      'b3',
      [0, undefined, 10],
      'b3',
      [11, 5, 10],
      'a5 b3',
      [21, undefined, undefined],
      'c6',
    ])
    expect(stream.drops).toEqual({ expired: 1 })
    expect(stream.app.rowsOf('living')!.map(({ key }) => key)).toEqual(['c'])
  })

  test('that are not among its stores are refused, by name and by declaration', () => {
    const other = keyValueStore({ name: 'other', key: string, value: int64 })
    const twin = keyValueStore({ name: 'totals', key: string, value: int64 })
    for (const store of [other, twin, 'other', undefined]) {
      expect(() =>
        processing((context) => {
          context.store(store as typeof other)
          return { process: () => {} }
        }),
      ).toThrow(/USER_CODE_FAILED.*STORE_UNKNOWN.*expected totals/s)
    }
  })

  test('another declaration of a name that is taken is refused; the same one is the same store', () => {
    const input = new StreamsBuilder().stream('in', number)
    const twin = keyValueStore({ name: 'totals', key: string, value: int64 })
    const open = () => ({ process: () => {} })
    input.process({ name: 'p', stores: [totals, totals], open })
    expect(() => input.process({ name: 'q', stores: [twin], open })).toThrow(/TOPOLOGY_NAME_TAKEN.*totals/s)
    expect(() => input.groupByKey().count({ store: 'totals' })).toThrow(/TOPOLOGY_NAME_TAKEN/)
  })

  test('that were added and are used by no processor are refused by build', () => {
    const builder = new StreamsBuilder().addStore(totals)
    const input = builder.stream('in', number)
    expect(() => builder.build()).toThrow(/TOPOLOGY_INVALID.*totals/s)
    input.process({ name: 'p', stores: [totals], open: () => ({ process: () => {} }) })
    expect(() => builder.build()).not.toThrow()
    expect(() => builder.addStore({ kind: 'keyValue', name: 'x' })).toThrow(/INVALID_STREAM_OPTION.*addStore/s)
  })

  test('have names and serdes', () => {
    const input = new StreamsBuilder().stream('in', number)
    const open = () => ({ process: () => {} })
    const named = (name: string) => keyValueStore({ name, key: string, value: int64 })
    expect(() => input.process({ name: 'p', stores: [named('')], open })).toThrow(/TOPOLOGY_NAME_MISSING/)
    expect(() => input.process({ name: 'p', stores: [named('no/name')], open })).toThrow(/TOPOLOGY_NAME_INVALID/)
    expect(() => keyValueStore({ name: 'x', key: string, value: 5 as never })).toThrow(/INVALID_STREAM_OPTION.*value/s)
    const window = { name: 'w', key: string, value: int64 }
    expect(() => windowStore({ ...window, retention: millis(0) })).toThrow(/INVALID_STREAM_OPTION.*retention/s)
    expect(() => windowStore(undefined as never)).toThrow(/INVALID_STREAM_OPTION/)
    expect(() => keyValueStore({ name: 'x', key: string, value: int64, ttl: millis(0) })).toThrow(/INVALID_STREAM_OPTION.*ttl/s)
    expect(() => keyValueStore({ name: 'x', key: string, value: int64, inMemory: true as never })).toThrow(
      /INVALID_STREAM_OPTION.*inMemory.*restored or lossy/s,
    )
  })
})
