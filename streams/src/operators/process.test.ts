import { describe, expect, test } from 'vitest'
import { int64, json, string, type Header } from '@millrace/core'
import type { KStream } from '../dsl/k-stream.ts'
import { keyValueStore, windowStore } from '../dsl/processors.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { FixedKeyContext, FixedKeyRecord, ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { KeyValueStore } from '../graph/stores.ts'
import { MemoryApp, type MemoryAppOptions } from '../testing/memory-app.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'

const text = { key: string, value: string }
const number = { key: string, value: json<number>() }
const totals = keyValueStore({ name: 'totals', key: string, value: int64 })
const header: Header = ['h', new Uint8Array([1])]

type Context<K2 = string, V2 = number> = ProcessorContext<K2, V2>
type Rec = StreamRecord<string, number>

/** One processor of numbers, and what it forwards in topic `out`. */
function processing(
  open: (context: Context) => { process(record: Rec): void; close?(): void },
  options: MemoryAppOptions = {},
): MemoryStream {
  return memoryStream<number>((input) => input.process({ name: 'p', stores: [totals], open }).to('out', number), options)
}

describe('forward', () => {
  test('hands on any number of records, with other keys, values, times and headers', () => {
    const stream = processing((context) => ({
      process(record) {
        context.forward(record)
        context.forward({ key: `${record.key}2`, value: -record.value })
        context.forward({ ...record, timestamp: 99, headers: [] })
      },
    }))
    stream.feed('a', 1, 10, [header])
    expect(stream.app.outputs.map(({ key, value, timestamp, headers }) => [key, value, timestamp, headers])).toEqual([
      ['a', 1, 10, [header]],
      ['a2', -1, 10, [header]],
      ['a', 1, 99, []],
    ])
  })

  test('is done when it returns, and changes nothing of the record for the processor and its siblings', () => {
    const seen: unknown[] = []
    const stream = memoryStream<number>((input) => {
      input
        .process({
          name: 'p',
          open: (context: Context) => ({
            process(record) {
              context.forward({ ...record, timestamp: 99, headers: [header] })
              seen.push(['after', context.meta.timestamp, context.meta.headers])
            },
          }),
        })
        .forEach((_value, _key, { timestamp, headers }) => seen.push(['behind', timestamp, headers]))
      input.forEach((_value, _key, { timestamp, headers }) => seen.push(['beside', timestamp, headers]))
    })
    stream.feed('a', 1, 10)
    expect(seen).toEqual([
      ['behind', 99, [header]],
      ['after', 10, []],
      ['beside', 10, []],
    ])
  })

  test('goes to one child by name: a processor by its own, others as described', () => {
    const stream = memoryStream<number>((input) => {
      const processed = input.process({
        name: 'p',
        open: (context: Context) => ({
          process(record) {
            if (record.value > 1) context.forward(record, 'big')
            else if (record.value < 0) context.forward(record, 'filter-1')
            else context.forward(record)
          },
        }),
      })
      processed
        .processValues({ name: 'big', open: (context) => ({ process: (record) => context.forward(record) }) })
        .to('big', number)
      processed.filter(() => true).to('filtered', number)
    })
    stream.feed('a', 2).feed('a', -1).feed('a', 0)
    expect(stream.app.outputs.map(({ topic, value }) => `${topic} ${value as number}`)).toEqual([
      'big 2',
      'filtered -1',
      'big 0',
      'filtered 0',
    ])
  })

  test.each(['nobody', 'source-1', 'to-2', 'p'])('to %s, who is no child, is refused', (child) => {
    const stream = memoryStream<number>((input) => {
      const open = (context: Context) => ({ process: (record: Rec) => context.forward(record, child) })
      input.process({ name: 'p', open }).to('out', number)
      input.to('beside', number)
    })
    expect(() => stream.feed('a', 1)).toThrow(/CHILD_UNKNOWN/)
  })

  test('outside of a record or a punctuation is refused: in open, later, and after the task was closed', () => {
    const record = { key: 'a', value: 1 }
    expect(() =>
      processing((context) => {
        context.forward(record)
        return { process: () => {} }
      }),
    ).toThrow(/USER_CODE_FAILED.*PROCESSOR_INACTIVE/s)
    let kept: Context | undefined
    let store: KeyValueStore<string, number> | undefined
    const stream = processing((context) => {
      kept = context
      store = context.store(totals)
      return { process: () => {} }
    })
    stream.feed('a', 1)
    expect(() => kept!.forward(record)).toThrow(/PROCESSOR_INACTIVE.*forward/s)
    expect(() => store!.put('a', 1)).toThrow(/PROCESSOR_INACTIVE.*totals/s)
    expect(() => kept!.schedule(millis(1), 'stream-time', () => {})).toThrow(/PROCESSOR_INACTIVE.*schedule/s)
    stream.app.close()
    expect(() => kept!.forward(record)).toThrow(/PROCESSOR_INACTIVE/)
  })

  test.each([
    [null, /no record/],
    ['text', /no record/],
    [{ key: 'a', value: 1, timestamp: -1 }, /timestamp/],
    [{ key: 'a', value: 1, timestamp: 1.5 }, /timestamp/],
    [{ key: 'a', value: 1, headers: ['h'] }, /headers/],
  ])('of %o is refused', (record, message) => {
    const stream = processing((context) => ({ process: () => context.forward(record as never) }))
    expect(() => stream.feed('a', 1)).toThrow(/RECORD_INVALID/)
    expect(() => stream.feed('a', 1)).toThrow(message)
  })
})

describe('processValues', () => {
  const valuesOf = (
    open: (context: FixedKeyContext<string, string>) => { process(record: FixedKeyRecord<string, number>): void },
  ): MemoryStream => memoryStream<number>((input) => input.processValues({ name: 'v', open }).to('out', text))

  test('makes records from those it was given, and the stream keeps its key', () => {
    const stream = valuesOf((context) => ({
      process(record) {
        context.forward(record.withValue(`${record.value}`))
        context.forward(record.withValue('later').withTimestamp(99).withHeaders([header]))
      },
    }))
    stream.feed('a', 1, 10)
    expect(stream.app.outputs.map(({ key, value, timestamp, headers }) => [key, value, timestamp, headers])).toEqual([
      ['a', '1', 10, []],
      ['a', 'later', 99, [header]],
    ])
    const input = new StreamsBuilder().stream('in', number)
    expect(() => input.processValues({ name: 'v', open: () => ({ process: () => {} }) }).groupByKey()).not.toThrow()
    const rekeyed = input.process({ name: 'p', open: () => ({ process: () => {} }) }) as unknown as KStream<string, number>
    expect(() => rekeyed.groupByKey()).toThrow(/TOPOLOGY_INVALID/)
  })

  test('a record that it made itself is refused', () => {
    const stream = valuesOf((context) => ({
      process: ({ value, timestamp, headers }) =>
        context.forward({ key: 'other', value: `${value}`, timestamp, headers } as unknown as FixedKeyRecord<string, string>),
    }))
    expect(() => stream.feed('a', 1)).toThrow(/RECORD_INVALID/)
  })

  test('a record may be kept and forwarded later, under its own key', () => {
    const kept: FixedKeyRecord<string, string>[] = []
    const stream = valuesOf((context) => {
      context.schedule(millis(10), 'stream-time', () => {
        for (const record of kept.splice(0)) context.forward(record)
      })
      return { process: (record) => void kept.push(record.withValue(`${record.value}`)) }
    })
    stream.feed('a', 1, 1).feed('b', 2, 2).feed('c', 3, 10)
    expect(stream.rows).toEqual([
      ['a', '1', 1],
      ['b', '2', 2],
      ['c', '3', 10],
    ])
  })
})

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
  })
})

describe('a processor that fails', () => {
  test('under fail reaches the loop, which knows its name', () => {
    const stream = processing(() => ({
      process() {
        throw new Error('mine')
      },
    }))
    expect(() => stream.feed('a', 1)).toThrow('mine')
    expect(stream.task.context.node).toBe('p')
  })

  test('under skip is counted; what it had forwarded and stored stays (KIP-1033)', () => {
    const stream = processing(
      (context) => ({
        process(record) {
          context.forward(record)
          context.store(totals).put(record.key, record.value)
          throw new Error('mine')
        },
      }),
      { errorPolicy: 'skip' },
    )
    stream.feed('a', 1).feed('b', 2)
    expect(stream.rows.map(([key]) => key)).toEqual(['a', 'b'])
    expect(stream.drops).toEqual({ failed: 2 })
    expect(stream.task.context.keyValueStores.get('totals')!.rows()).toHaveLength(2)
  })

  test('cannot catch what fails behind it or in a store: the step must not go on', () => {
    const stream = processing(
      (context) => ({
        process(record) {
          try {
            context.forward(record)
          } catch {
            // Not its own.
          }
          context.forward(record)
        },
      }),
      { errorPolicy: 'skip' },
    )
    stream.task.context.outputs.push = () => {
      throw new Error('fenced')
    }
    expect(() => stream.feed('a', 1)).toThrow('fenced')
    expect(stream.drops).toEqual({})
    const broken = processing(
      (context) => {
        const store = context.store(totals)
        return {
          process() {
            try {
              store.get(5 as never)
            } catch {
              // Not its own.
            }
          },
        }
      },
      { errorPolicy: 'skip' },
    )
    broken.task.context.keyValueStores.get('totals')!.get = () => {
      throw new Error('broken store')
    }
    expect(() => broken.feed('a', 1)).toThrow('broken store')
  })

  test('behind another one is the only one that is left out', () => {
    const stream = memoryStream<number>(
      (input) =>
        input
          .process({
            name: 'first',
            open: (context: Context) => ({
              process(record) {
                context.forward(record)
                context.forward({ ...record, value: -record.value })
              },
            }),
          })
          .process({
            name: 'second',
            open: (context: Context) => ({
              process(record) {
                if (record.value > 0) throw new Error('positive')
                context.forward(record)
              },
            }),
          })
          .to('out', number),
      { errorPolicy: 'skip' },
    )
    expect(stream.feed('a', 1).rows).toEqual([['a', -1, 0]])
    expect(stream.drops).toEqual({ failed: 1 })
  })

  test('by giving a promise is told so', () => {
    const later = (): unknown => Promise.reject(new Error('later'))
    const stream = processing(() => ({ process: later }))
    expect(() => stream.feed('a', 1)).toThrow(/USER_CODE_FAILED.*promise.*mapAsync/s)
  })

  test('in open, or by giving no processor, does not start', () => {
    expect(() =>
      processing(() => {
        throw new Error('mine')
      }),
    ).toThrow(/USER_CODE_FAILED.*mine.*p, task 0_0/s)
    for (const given of [undefined, {}, { process: 5 }]) {
      expect(() => processing(() => given as never)).toThrow(/USER_CODE_FAILED.*process/s)
    }
  })
})

describe('the life of a processor', () => {
  test('close is called once a task; all are closed, whatever one throws', () => {
    const closed: string[] = []
    const stream = memoryStream<number>(
      (input) => {
        for (const name of ['p', 'q']) {
          input.process({
            name,
            open: ({ taskId }) => ({
              process: () => {},
              close: () => {
                closed.push(`${name} ${taskId}`)
                if (name === 'q') throw new Error('q')
              },
            }),
          })
        }
      },
      { partitions: { in: 2 } },
    )
    expect(() => stream.app.task('0_0').close()).toThrow('q')
    expect(closed.toSorted()).toEqual(['p 0_0', 'q 0_0'])
  })

  test('it sees where a record comes from, and may ask for a commit', () => {
    const seen: unknown[] = []
    const stream = processing((context) => ({
      process() {
        const { topic, partition, offset, timestamp } = context.meta
        seen.push([topic, partition, offset, timestamp, context.currentStreamTime, context.currentSystemTime])
        context.commit()
      },
    }))
    stream.task.context.now = 5000
    stream.feed('a', 1, 20).feed('a', 1, 10)
    expect(seen).toEqual([
      ['in', 0, 0, 20, 20, 5000],
      ['in', 0, 1, 10, 20, 5000],
    ])
    expect(stream.task.context.commitRequests).toBe(2)
  })

  test('has a name, which no other operator has', () => {
    const input = new StreamsBuilder().stream('in', number)
    const open = () => ({ process: () => {} })
    expect(() => input.process({ open } as never)).toThrow(/TOPOLOGY_NAME_MISSING/)
    expect(() => input.process({ name: 'not legal', open })).toThrow(/TOPOLOGY_NAME_INVALID/)
    expect(() => input.process({ name: 'source-1', open })).toThrow(/TOPOLOGY_NAME_TAKEN/)
    input.process({ name: 'p', open })
    expect(() => input.processValues({ name: 'p', open })).toThrow(/TOPOLOGY_NAME_TAKEN.*p/s)
    expect(() => input.process({ name: 'r', open: undefined as never })).toThrow(/INVALID_STREAM_OPTION.*open/s)
    expect(() => input.process({ name: 'r', open, stores: 'totals' as never })).toThrow(/INVALID_STREAM_OPTION.*stores/s)
    expect(() => input.process({ name: 'r', open, stores: ['totals'] as never })).toThrow(/INVALID_STREAM_OPTION.*stores/s)
    expect(() => input.process({ name: 'r', open, store: totals } as never)).toThrow(/INVALID_STREAM_OPTION.*store/s)
  })

  test('a generated name passes over one that was given', () => {
    const builder = new StreamsBuilder()
    const input = builder.stream('in', number)
    input.process({ name: 'filter-1', open: () => ({ process: () => {} }) })
    input.process({ name: 'repartition-1-sink', open: () => ({ process: () => {} }) })
    input.filter(() => true).repartition({ name: 'r', ...number })
    const described = builder.build().describe()
    expect(described).toContain('Processor: filter-2')
    expect(described).toContain('Sink: repartition-2-sink')
  })
})
