import { describe, expect, test } from 'vitest'
import { int64, json, string, type Header } from '@millrace/core'
import type { KStream } from './k-stream.ts'
import { keyValueStore } from './processors.ts'
import { StreamsBuilder } from './streams-builder.ts'
import type { FixedKeyContext, FixedKeyRecord, ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { KeyValueStore } from '../graph/stores.ts'
import type { MemoryAppOptions } from '../testing/memory-app.ts'
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
