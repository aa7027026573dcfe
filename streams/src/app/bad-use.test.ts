/** What users get wrong: each has a typed error, whose text says where and what to do, or is dropped and counted. */
import { mergeMap, tap } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { int64, nullable, string, type Serde } from '@millrace/core'
import { keyValueStore } from '../dsl/processors.ts'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext, StreamRecord } from '../graph/processor.ts'
import { unchecked } from '../rx/value-operator.ts'
import type { Dropped } from '../runtime/dropped.ts'
import { millis } from '../time/duration.ts'
import { hopping, session, sliding, tumbling } from '../time/windows.ts'
import { inWorld, type AppWorld, type Row } from './app-world.fixtures.ts'
import type { StreamsOptions } from './streams-options.ts'

type Build = (builder: StreamsBuilder) => void

const text = { key: string, value: string }
const counts = { key: string, value: nullable(int64) }
const texts = { key: string, value: nullable(string) }

// The untyped caller: methods that take anything.
type Untyped = Readonly<Record<string, (...args: readonly unknown[]) => never>>
const untyped = (typed: object): Untyped => typed as never

const input = () => new StreamsBuilder().stream('in', text)

/** A world with topics `in` and `out`, one partition each. */
function given(rows: readonly Row[], work: (world: AppWorld) => Promise<void>): Promise<void> {
  return inWorld(async (world) => {
    await world.topics(['in', 'out'])
    await world.put('in', rows)
    await work(world)
  })
}

/** The text of the error with which the application stops, at its start or later. */
async function failureOf(world: AppWorld, build: Build, options: Partial<StreamsOptions> = {}): Promise<string> {
  await using app = world.app(build, options)
  try {
    await app.start()
    await app.finished
  } catch (error) {
    return (error as Error).message
  }
  return 'it did not fail'
}

/** Runs it under the policy skip; gives what it counted and what it told. */
async function skipping(world: AppWorld, build: Build): Promise<{ dropped: unknown; told: readonly Dropped[] }> {
  const told: Dropped[] = []
  const { dropped } = await world.run(build, { onError: 'skip', onDropped: (one) => told.push(one) })
  return { dropped, told }
}

describe('missing names', () => {
  const todo = 'Give it a name; what is durable keeps its data under that name.'

  test.each<readonly [string, () => unknown]>([
    ['the store of this operator', () => untyped(input().groupByKey())['count']!({})],
    ['the store of this operator', () => input().groupByKey().count({ store: '' })],
    ['the store of this operator', () => untyped(input())['scan']!({ value: string, initial: () => '', add: () => '' })],
    ['the store of this operator', () => untyped(new StreamsBuilder())['table']!('t', text)],
    ['the repartition topic of this operator', () => untyped(input())['repartition']!(text)],
    ['the store of mapAsync', () => untyped(input())['mapAsync']!(async () => 1, { ...text, concurrency: 1 })],
    ['this operator', () => untyped(input())['process']!({ open: () => ({ process: () => {} }) })],
    ['the topic of to(...)', () => input().to('', text)],
  ])('%s', (what, call) => {
    expect(call).toThrow(`TOPOLOGY_NAME_MISSING: ${what} has no name. ${todo}`)
  })
})

describe('wrong co-partitioning is found at the start', () => {
  const todo = 'Repartition one of them, so that equal keys meet in one task.'

  test.each<readonly [string, Build, string]>([
    [
      'of a stream and a table',
      (builder) => {
        const table = builder.table('two', { ...text, store: 'rows' })
        builder
          .stream('in', text)
          .join(table, (value, row) => value + row)
          .to('out', text)
      },
      'join-table-1): received in 1, two 2.',
    ],
    [
      'of two streams',
      (builder) => {
        const pairs = { name: 'pairs', within: millis(1), grace: millis(0), key: string, left: string, right: string }
        const two = builder.stream('two', text)
        builder
          .stream('in', text)
          .joinStream(two, { ...pairs, join: (left, right) => left + right })
          .to('out', text)
      },
      'store pairs-left): received in 1, two 2.',
    ],
    [
      'of two tables',
      (builder) => {
        const left = builder.table('in', { ...text, store: 'left' })
        const right = builder.table('two', { ...text, store: 'right' })
        left
          .join(right, (a, b) => a + b)
          .toStream()
          .to('out', texts)
      },
      'table-join-1): received in 1, two 2.',
    ],
    [
      'of streams that are one',
      (builder) => builder.stream(['in', 'two'], text).groupByKey().count({ store: 'counts' }).toStream().to('out', counts),
      'store counts): received in 1, two 2.',
    ],
    [
      'of a repartition topic with a count of its own',
      (builder) => {
        const three = builder.stream('two', text).repartition({ name: 'three', ...text, partitions: 3 })
        builder.stream('in', text).merge(three).groupByKey().count({ store: 'counts' }).toStream().to('out', counts)
      },
      'store counts): received in 1, app-three-repartition 3.',
    ],
  ])('%s', (_name, build, where) =>
    given([], async (world) => {
      await world.topics(['two'], 2)
      expect(await failureOf(world, build)).toBe(
        `PARTITIONS_DIFFER: topics of one operator differ in partitions (${where} ${todo}`,
      )
    }),
  )
})

describe('a store that is used by no one', () => {
  const todo = 'Correct the topology where the message points.'

  test('is refused when the topology is built', () => {
    const builder = new StreamsBuilder().addStore(keyValueStore({ name: 'unused', ...text }))
    builder.stream('in', text).to('out', text)
    expect(() => builder.build()).toThrow(`TOPOLOGY_INVALID: no processor uses a store that was added (unused). ${todo}`)
  })

  test.each([
    ['totals of windows that say never when they are emitted', false],
    ['final rows that nobody takes', true],
  ])('%s', (_name, emits) => {
    const builder = new StreamsBuilder()
    const windows = tumbling({ size: millis(1), grace: millis(0) })
    const totals = builder.stream('in', text).groupByKey().windowedBy(windows).count({ store: 'totals' })
    if (emits) totals.emitFinal()
    const what = 'the rows of windows go nowhere; call emitFinal() and to(...)'
    expect(() => builder.build()).toThrow(`TOPOLOGY_INVALID: ${what} (totals). ${todo}`)
  })

  test('a processor that asks for a store it has not named', () =>
    given([['a', 'x']], async (world) => {
      const used = keyValueStore({ name: 'used', ...text })
      const failure = await failureOf(world, (builder) =>
        builder.stream('in', text).process({
          name: 'forgetful',
          open: (context: ProcessorContext<string, string>) => {
            context.store(used)
            return { process: () => {} }
          },
        }),
      )
      expect(failure).toMatch(/^USER_CODE_FAILED: open of a processor failed: STORE_UNKNOWN: .*used.*\(forgetful, task 0_0\)/)
    }))
})

/** Throws in one of its ways. */
function broken(way: 'read' | 'write'): Serde<string> {
  const fail = (): never => {
    throw new RangeError(`no ${way}`)
  }
  return { name: 'broken', read: way === 'read' ? fail : string.read, write: way === 'write' ? fail : string.write }
}

describe('a serde that throws', () => {
  const rows: readonly Row[] = [['a', 'x']]
  const place = 'task 0_0, in-0 at offset 0'
  const writes = 'Give a serde that writes every value the topology makes.'

  test('while it reads', () =>
    given(rows, async (world) => {
      const build: Build = (builder) => builder.stream('in', { key: string, value: broken('read') }).to('out', text)
      const todo = 'Correct the serde or the record, or let the error policy skip such records.'
      expect(await failureOf(world, build)).toBe(
        `VALUE_UNREADABLE: a record cannot be read: serdes string and broken: no read (source-1, ${place}). ${todo}`,
      )
      expect((await skipping(world, build)).dropped).toEqual({ undecodable: 1 })
    }))

  test('while a sink writes', () =>
    given(rows, async (world) => {
      const build: Build = (builder) => builder.stream('in', text).to('out', { key: string, value: broken('write') })
      expect(await failureOf(world, build)).toBe(
        `VALUE_UNWRITABLE: the value cannot be written by serde broken: no write (sink out) (to-1, ${place}). ${writes}`,
      )
      expect((await skipping(world, build)).dropped).toEqual({ failed: 1 })
    }))

  test.each(['fail', 'skip'] as const)('while a changelog is written, whatever the policy is: %s', (onError) =>
    given(rows, async (world) => {
      const failure = await failureOf(
        world,
        (builder) => {
          const scanned = builder
            .stream('in', text)
            .scan({ store: 's', value: broken('write'), initial: () => '', add: (a) => a })
          scanned.to('out', text)
        },
        { onError },
      )
      const what = 'the serde does not write a value of the store (s) (store s, task 0_0)'
      expect(failure).toBe(`VALUE_UNWRITABLE: ${what}. ${writes}`)
    }),
  )

  test.each(['fail', 'skip'] as const)('while a store looks for a key, whatever the policy is: %s', (onError) =>
    given(rows, async (world) => {
      const build: Build = (builder) =>
        builder
          .stream('in', { key: broken('write'), value: string })
          .groupByKey()
          .count({ store: 's' })
          .toStream()
          .to('out', counts)
      const what = `the serde does not write a key of the store: no write (aggregate-1, ${place})`
      expect(await failureOf(world, build, { onError })).toBe(`VALUE_UNWRITABLE: ${what}. ${writes}`)
    }),
  )
})

describe('an operator that emits outside its event', () => {
  const rows: readonly Row[] = [
    ['a', 'x'],
    ['b', 'y'],
  ]
  const later = unchecked<string, string>(
    'later',
    mergeMap((value) => Promise.resolve(value)),
  )
  const piped: Build = (builder) => builder.stream('in', text).pipe(later).to('out', text)

  test('in pipe: it is told, at the end of a bounded input too, and nothing of it is written', () =>
    given(rows, async (world) => {
      const failure = await failureOf(world, piped)
      expect(failure).toMatch(/^RX_ESCAPED_EMISSION: an operator in pipe emitted while no record was given to it \(pipe-1/)
      expect(await world.rows('out')).toEqual([])
    }))

  test('in pipe of an application that goes on', () =>
    given(rows, async (world) => {
      expect(await failureOf(world, piped, { bounded: false })).toMatch(/^RX_ESCAPED_EMISSION: an operator in pipe/)
    }))

  test('in pipe under the policy skip: it is counted, and the next record has a new chain', () =>
    given(rows, async (world) => {
      const { dropped, told } = await skipping(world, piped)
      expect(dropped).toEqual({ failed: 1 })
      expect(told).toMatchObject([{ reason: 'failed', error: { code: 'RX_ESCAPED_EMISSION' } }])
    }))

  test('in transformWith', () =>
    given(rows, async (world) => {
      const failure = await failureOf(world, (builder) => {
        const own = mergeMap((record: StreamRecord<string, string>) => Promise.resolve(record))
        builder.stream('in', text).transformWith('own', own).to('out', text)
      })
      expect(failure).toMatch(/^RX_ESCAPED_EMISSION: an operator in transformWith emitted while no record was given to it \(own/)
    }))

  test('in process: forward throws to who calls it', () =>
    given(rows, async (world) => {
      const thrown: string[] = []
      const forwardLater = (context: ProcessorContext<string, string>, record: StreamRecord<string, string>): void => {
        try {
          context.forward(record)
        } catch (error) {
          thrown.push((error as Error).message)
        }
      }
      await world.run((builder) =>
        builder
          .stream('in', text)
          .process({
            name: 'own',
            open: (context: ProcessorContext<string, string>) => ({
              process: (record) => queueMicrotask(() => forwardLater(context, { ...record })),
            }),
          })
          .to('out', text),
      )
      const todo = 'Forward, store, scan and schedule only while process, a scan or a punctuation runs, never later.'
      const message = `PROCESSOR_INACTIVE: forward while no record or punctuation is at hand (own). ${todo}`
      expect(thrown).toEqual([message, message])
    }))

  test('an operator without the mark of a pure one does not come in', () => {
    expect(() => untyped(input())['pipe']!(tap())).toThrow(
      'TOPOLOGY_INVALID: pipe takes the operators of @millrace/streams/rx, or unchecked(name, operator) (pipe).',
    )
  })
})

describe('a window with negative size', () => {
  const grace = millis(0)
  const negative = -5 as never
  const todo = 'Give durations made by millis, seconds, minutes, hours or days.'

  test.each<readonly [string, () => unknown]>([
    ['not a duration (millis(-5)): expected whole milliseconds from 0 to 2^53 - 1, received -5 ms', () => millis(-5)],
    ['the size of windows (tumbling): expected a duration above 0, received -5', () => tumbling({ size: negative, grace })],
    ['the size of windows (tumbling): expected a duration above 0, received 0', () => tumbling({ size: millis(0), grace })],
    [
      'the advance of windows (hopping): expected a duration above 0, received -5',
      () => hopping({ size: millis(5), advance: negative, grace }),
    ],
    ['the difference of windows (sliding): expected a duration, received -5', () => sliding({ difference: negative, grace })],
    ['the gap of windows (session): expected a duration above 0, received -5', () => session({ gap: negative, grace })],
    [
      "the grace of windows (tumbling): expected a duration or 'end-of-input', received -5",
      () => tumbling({ size: millis(5), grace: negative }),
    ],
  ])('%s', (what, call) => {
    expect(call).toThrow(`WINDOW_INVALID: ${what}. ${todo}`)
  })
})

describe('a foreign key that is null', () => {
  const on = (value: string): string | null => (value === 'none' ? null : value)
  const joining =
    (method: 'joinForeign' | 'leftJoinForeign'): Build =>
    (builder) => {
      const right = builder.table('right', { ...text, store: 'right' })
      const left = builder.table('in', { ...text, store: 'left' })
      const options = { name: 'fk', on, join: (value: string, other: string | null) => `${value}+${other}` }
      left[method](right, options).toStream().to('out', texts)
    }
  const rows: readonly Row[] = [
    ['a', 'x'],
    ['b', 'none'],
  ]

  test('has no result in an inner join, and is counted', () =>
    given(rows, async (world) => {
      await world.topics(['right'])
      await world.put('right', [['x', 'X']])
      const told: Dropped[] = []
      const app = await world.run(joining('joinForeign'), { onDropped: (one) => told.push(one) })
      expect(await world.rows('out')).toEqual(['a=x+X'])
      expect(app.dropped).toEqual({ 'null-key': 1 })
      expect(told).toMatchObject([{ reason: 'null-key', node: 'foreign-subscribe-1', topic: 'in', offset: 1 }])
    }))

  test('is joined with null in a left join', () =>
    given(rows, async (world) => {
      await world.topics(['right'])
      await world.put('right', [['x', 'X']])
      const app = await world.run(joining('leftJoinForeign'))
      expect((await world.rows('out')).toSorted()).toEqual(['a=x+X', 'b=none+null'])
      expect(app.dropped).toEqual({})
    }))
})

describe('a punctuator that throws', () => {
  const ticking: Build = (builder) =>
    builder
      .stream('in', text)
      .process({
        name: 'ticks',
        open: (context: ProcessorContext<string, string>) => {
          context.schedule(millis(10), 'stream-time', (timestamp) => {
            if (timestamp === 20) throw new RangeError('no such tick')
            context.forward({ key: 'tick', value: `${timestamp}` })
          })
          return { process: () => {} }
        },
      })
      .to('out', text)
  const rows: readonly Row[] = [
    ['a', 'x', 10],
    ['a', 'x', 20],
    ['a', 'x', 30],
  ]

  test('stops the application, and says where', () =>
    given(rows, async (world) => {
      const todo = 'Correct the function, or let the error policy skip such records.'
      expect(await failureOf(world, ticking)).toBe(
        `USER_CODE_FAILED: user code threw: no such tick (ticks, task 0_0, between two records). ${todo}`,
      )
      expect(await world.rows('out')).toEqual([])
    }))

  test('is counted and told under the policy skip, and its schedule goes on', () =>
    given(rows, async (world) => {
      const { dropped, told } = await skipping(world, ticking)
      expect(await world.rows('out')).toEqual(['tick=10', 'tick=30'])
      expect(dropped).toEqual({ failed: 1 })
      expect(told).toMatchObject([{ reason: 'failed', node: 'ticks', offset: -1, error: new RangeError('no such tick') }])
    }))
})
