import { describe, expect, expectTypeOf, test } from 'vitest'
import { int64, json, nullable, string } from '@millrace/core'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import type { ProcessorContext } from '../graph/processor.ts'
import type { Topology } from '../graph/topology.ts'
import { millis } from '../time/duration.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'
import type { TestRow } from './test-records.ts'
import { TopologyTestDriver } from './topology-test-driver.ts'

const windows = tumbling({ size: millis(10), grace: millis(0) })

/** Words, counted by their first letter behind a repartition, and by window. */
function wordCount(): Topology {
  const builder = new StreamsBuilder()
  const words = builder.stream('words', { key: nullable(string), value: string })
  words
    .groupBy((word) => word[0]!, { name: 'letters', key: string, value: string })
    .count({ store: 'by-letter' })
    .toStream()
    .to('letters', { key: string, value: nullable(int64) })
  words
    .groupByKey()
    .windowedBy(windows)
    .count({ store: 'by-window' })
    .emitFinal()
    .to('windows', {
      key: windowed(nullable(string), windows),
      value: int64,
    })
  return builder.build()
}

/** `double` writes topic `twice`, which the topology reads again. */
function loop(): Topology {
  const builder = new StreamsBuilder()
  const value = json<number>()
  builder
    .stream('in', { key: string, value })
    .mapValues((number) => number * 2)
    .to('twice', { key: string, value })
  builder
    .stream('twice', { key: string, value })
    .mapValues((number) => number + 1)
    .to('out', { key: string, value })
  return builder.build()
}

const plain = (rows: readonly TestRow[]): unknown[] => rows.map(({ key, value, timestamp }) => [key, value, timestamp])

describe('a topology under test', () => {
  test('does all that follows from a record before pipeInput returns, through repartition topics too', () => {
    using driver = new TopologyTestDriver(wordCount())
    driver.pipeInput('words', { key: 'k', value: 'one', timestamp: 5 })
    driver.pipeInput('words', { key: 'k', value: 'other', timestamp: 3 })
    expect(plain(driver.readAll('letters'))).toEqual([
      ['o', 1, 5],
      ['o', 2, 5],
    ])
    expect(driver.readOutput('letters')).toBeUndefined()
  })

  test('has a task a partition, with the partitions of Kafka for keys', () => {
    using driver = new TopologyTestDriver(wordCount(), { partitions: { words: 4, letters: 3 } })
    // murmur2 of Kafka's client puts a, b and c in these partitions of four.
    for (const key of ['a', 'b', 'c', 'a']) driver.pipeInput('words', { key, value: 'w', timestamp: 1 })
    const rows = driver.store<string, number>('by-window')
    expect(rows.map(({ partition, key, start, value }) => [partition, key, start, value])).toEqual(
      rows.map(({ partition, key }) => [partition, key, 0, key === 'a' ? 2 : 1]),
    )
    expect(new Set(rows.map(({ key, partition }) => `${key}${partition}`)).size).toBe(3)
    expect(driver.store('by-letter').map(({ key, value }) => [key, value])).toEqual([['w', 4]])
    expect(driver.readAll('letters').every(({ partition }) => partition < 3)).toBe(true)
  })

  test('puts a record where the test says', () => {
    using driver = new TopologyTestDriver(wordCount(), { partitions: { words: 2 } })
    driver.pipeInput('words', { key: 'a', value: 'x', partition: 0 })
    driver.pipeInput('words', { key: 'a', value: 'x', partition: 1 })
    expect(driver.store('by-window').map(({ partition, value }) => [partition, value])).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  test('partitions as it is told', () => {
    using driver = new TopologyTestDriver(wordCount(), { partitions: { words: 3 }, partitionOf: () => 2 })
    driver.pipeInput('words', { key: 'a', value: 'x' })
    expect(driver.store('by-letter')[0]!.partition).toBe(2)
  })

  test('closes its windows at the end of the input, and takes no input after it', () => {
    using driver = new TopologyTestDriver(wordCount())
    driver.pipeInput('words', { key: 'a', value: 'x', timestamp: 12 })
    expect(driver.readAll('windows')).toEqual([])
    driver.endOfInput()
    expect(plain(driver.readAll('windows'))).toEqual([[{ key: 'a', start: 10, end: 20 }, 1, 12]])
    expect(() => driver.pipeInput('words', { key: 'a', value: 'x' })).toThrow('TEST_DRIVER_MISUSED')
    expect(() => driver.endOfInput()).toThrow('TEST_DRIVER_MISUSED')
  })

  test('reads again what it writes itself', () => {
    using driver = new TopologyTestDriver(loop())
    driver.pipeInput('in', { key: 'a', value: 4, timestamp: 7 })
    expect(plain(driver.readAll('twice'))).toEqual([['a', 8, 7]])
    expect(plain(driver.readAll('out'))).toEqual([['a', 9, 7]])
    expect(driver.writtenTopics).toEqual(['out', 'twice'])
  })

  test('gives records without a time that of its wall clock', () => {
    using driver = new TopologyTestDriver(loop(), { nowMs: 100 })
    driver.pipeInput('in', { key: 'a', value: 1 })
    driver.advanceWallClock(millis(20))
    driver.pipeInput('in', { key: 'a', value: 2 })
    expect(driver.nowMs).toBe(120)
    expect(driver.readAll('out').map(({ timestamp }) => timestamp)).toEqual([100, 120])
  })

  test('fires punctuators of wall-clock time when it is told to', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .process({
        name: 'ticks',
        open: (context: ProcessorContext<string, number>) => {
          context.schedule(millis(50), 'wall-clock', (now) => context.forward({ key: 'now', value: now, timestamp: 1 }))
          return { process: () => {} }
        },
      })
      .to('out', { key: string, value: json<number>() })
    using driver = new TopologyTestDriver(builder.build(), { nowMs: 1000 })
    for (const by of [49, 1, 200]) driver.advanceWallClock(millis(by))
    expect(plain(driver.readAll('out'))).toEqual([
      ['now', 1050, 1],
      ['now', 1250, 1],
    ])
  })

  test('knows topics and partitions that the topology chooses', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .to((value) => `to-${value}`, { key: string, value: string, partition: (value) => (value === 'both' ? [0, 1] : undefined) })
    using driver = new TopologyTestDriver(builder.build(), { partitions: { 'to-both': 2 } })
    for (const value of ['both', 'one']) driver.pipeInput('in', { key: 'a', value })
    expect(driver.readAll('to-both').map(({ partition }) => partition)).toEqual([0, 1])
    expect(plain(driver.readAll('to-one'))).toEqual([['a', 'one', 0]])
    expect(driver.readAll('to-nowhere')).toEqual([])
  })

  test('passes headers on', () => {
    using driver = new TopologyTestDriver(loop())
    const headers = [['trace', Buffer.from('t1')]] as const
    driver.pipeInput('in', { key: 'a', value: 1, headers })
    expect(driver.readOutput('out')!.headers).toEqual(headers)
  })

  test('holds global tables', () => {
    const builder = new StreamsBuilder()
    const table = builder.globalTable('rates', { key: string, value: json<number>(), store: 'rates' })
    builder
      .stream('in', { key: string, value: json<number>() })
      .joinGlobal(table, { on: (_value, key) => key, join: (value, rate) => value * rate })
      .to('out', { key: string, value: json<number>() })
    using driver = new TopologyTestDriver(builder.build())
    driver.pipeInput('rates', { key: 'a', value: 3, timestamp: 1 })
    driver.pipeInput('rates', { key: 'b', value: 4, timestamp: 1 })
    driver.pipeInput('rates', { key: 'b', value: null, timestamp: 2 })
    driver.pipeInput('rates', { key: null, value: 5, timestamp: 2 })
    for (const key of ['a', 'b']) driver.pipeInput('in', { key, value: 5, timestamp: 3 })
    expect(plain(driver.readAll('out'))).toEqual([['a', 15, 3]])
    expect(driver.store('rates')).toEqual([{ partition: -1, key: 'a', value: 3, timestamp: 1 }])
    expect(driver.drops).toEqual({ 'null-key': 1 })
  })
})

describe('a typed handle', () => {
  test('writes and reads with serdes of its own', () => {
    using driver = new TopologyTestDriver(wordCount())
    const words = driver.input('words', { key: string, value: string })
    const counts = driver.output('letters', { key: string, value: int64 })
    words.pipe('k', 'one', 5).pipeRecord({ key: 'k', value: 'two', timestamp: 6, partition: 0 })
    const rows = counts.readAll()
    expectTypeOf(rows).toEqualTypeOf<TestRow<string, number>[]>()
    expect(rows.map(({ key, value }) => [key, value])).toEqual([
      ['o', 1],
      ['t', 1],
    ])
    expect(counts.read()).toBeUndefined()
  })

  test('knows windowed keys', () => {
    using driver = new TopologyTestDriver(wordCount())
    driver.input('words', { key: string, value: string }).pipe('a', 'x', 3).pipe('a', 'x', 10)
    const closed = driver.output('windows', { key: windowed(string, windows), value: int64 }).readAll()
    expectTypeOf(closed).toEqualTypeOf<TestRow<Windowed<string>, number>[]>()
    expect(closed.map(({ key }) => key)).toEqual([{ key: 'a', start: 0, end: 10 }])
  })

  test('does not take another type', () => {
    using driver = new TopologyTestDriver(wordCount())
    const words = driver.input('words', { key: string, value: string })
    // @ts-expect-error: the value is text
    expect(() => words.pipe('a', 5)).toThrow('VALUE_UNWRITABLE')
  })
})

describe('what does not go on', () => {
  test('is counted by reason', () => {
    using driver = new TopologyTestDriver(wordCount(), { onError: 'skip' })
    driver.pipeInput('words', { key: 'a', value: null })
    driver.pipeInput('words', { key: null, value: 'x', timestamp: 30 })
    driver.pipeInput('words', { key: 'a', value: 'x', timestamp: 30 })
    driver.pipeInput('words', { key: 'a', value: 'x', timestamp: 3 })
    driver.pipeInput('words', { key: 'a', value: 'x', timestamp: -1 })
    expect(driver.drops).toEqual({ 'null-value': 1, 'null-key': 1, late: 1, undecodable: 1 })
    expect(driver.failures.map(String)).toEqual([expect.stringContaining('it has no timestamp')])
  })

  test('is an error under the policy `fail`', () => {
    using driver = new TopologyTestDriver(loop())
    expect(() => driver.pipeInput('in', { key: 'a', value: 1, timestamp: -1 })).toThrow('VALUE_UNREADABLE')
  })

  test('that bytes of another serde do not decode', () => {
    using driver = new TopologyTestDriver(loop())
    expect(() => driver.input('in', { key: string, value: string }).pipe('a', 'no JSON')).toThrow('VALUE_UNREADABLE')
    using skipping = new TopologyTestDriver(loop(), { onError: 'skip' })
    skipping.input('in', { key: string, value: string }).pipe('a', 'no JSON').pipe('a', '4')
    expect(plain(skipping.readAll('out'))).toEqual([['a', 9, 0]])
    expect(skipping.drops).toEqual({ undecodable: 1 })
  })

  test('is what user code throws', () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .mapValues((value) => {
        if (value === 'bad') throw new Error('as the test wants it')
        return value
      })
      .to('out', { key: string, value: string })
    const topology = builder.build()
    using failing = new TopologyTestDriver(topology)
    expect(() => failing.pipeInput('in', { key: 'a', value: 'bad' })).toThrow(/USER_CODE_FAILED.*as the test wants it.*0_0/)
    using skipping = new TopologyTestDriver(topology, { onError: 'skip' })
    for (const value of ['bad', 'good']) skipping.pipeInput('in', { key: 'a', value })
    expect(plain(skipping.readAll('out'))).toEqual([['a', 'good', 0]])
    expect(skipping.failures.map(String)).toEqual(['Error: as the test wants it'])
  })

  test('that a sink cannot hold', () => {
    const builder = new StreamsBuilder()
    const value = json<number | string>()
    builder
      .stream('in', { key: string, value })
      .to('out', { key: string, value: { name: 'number', write: (it) => (it as number).toFixed(1) } })
    const topology = builder.build()
    using driver = new TopologyTestDriver(topology)
    driver.pipeInput('in', { key: 'a', value: 1 })
    // A serializer alone: the row is what the topology made.
    expect(plain(driver.readAll('out'))).toEqual([['a', 1, 0]])
    expect(() => driver.pipeInput('in', { key: 'a', value: 'text' })).toThrow('VALUE_UNWRITABLE')
    using skipping = new TopologyTestDriver(topology, { onError: 'skip' })
    for (const sent of ['text', 2]) skipping.pipeInput('in', { key: 'a', value: sent })
    expect(plain(skipping.readAll('out'))).toEqual([['a', 2, 0]])
    expect(skipping.drops).toEqual({ failed: 1 })
    expect(skipping.failures.map(String)).toEqual([expect.stringContaining('VALUE_UNWRITABLE')])
  })
})

describe('bad use is refused', () => {
  test.each<[what: string, code: string, use: (driver: TopologyTestDriver) => unknown]>([
    ['a topic that is not read', 'TEST_DRIVER_MISUSED', (it) => it.pipeInput('other', { key: 'a', value: 1 })],
    ['a topic that is not written', 'TEST_DRIVER_MISUSED', (it) => it.readOutput('other')],
    ['an input of a topic that is not read', 'TEST_DRIVER_MISUSED', (it) => it.input('out', { key: string, value: string })],
    ['an output of a topic that is not written', 'TEST_DRIVER_MISUSED', (it) => it.output('in', { key: string, value: string })],
    ['a partition that is not there', 'TEST_DRIVER_MISUSED', (it) => it.pipeInput('in', { key: 'a', value: 1, partition: 1 })],
    ['a key of the wrong type', 'VALUE_UNWRITABLE', (it) => it.pipeInput('in', { key: 5, value: 1 })],
    ['a value that cannot be written', 'VALUE_UNWRITABLE', (it) => it.pipeInput('in', { key: 'a', value: 5n })],
    [
      'a record with another field',
      'INVALID_STREAM_OPTION',
      (it) => it.pipeInput('in', { key: 'a', value: 1, time: 5 } as never),
    ],
    ['no record', 'INVALID_STREAM_OPTION', (it) => it.pipeInput('in', null as never)],
    ['something that is no serde', 'INVALID_STREAM_OPTION', (it) => it.input('in', { key: string, value: 5 as never })],
    ['a store that is not there', 'STORE_UNKNOWN', (it) => it.store('other')],
    ['a clock that goes back', 'TEST_DRIVER_MISUSED', (it) => it.advanceWallClock(-1 as never)],
  ])('%s', (_what, code, use) => {
    using driver = new TopologyTestDriver(loop())
    expect(() => use(driver)).toThrow(code)
    driver.pipeInput('in', { key: 'a', value: 1 })
    expect(driver.readAll('out')).toHaveLength(1)
  })

  test('a driver that is closed takes nothing; what it wrote can be read', () => {
    const driver = new TopologyTestDriver(loop())
    driver.pipeInput('in', { key: 'a', value: 1 })
    driver.close()
    driver.close()
    for (const use of [
      () => driver.pipeInput('in', { key: 'a', value: 1 }),
      () => driver.endOfInput(),
      () => driver.advanceWallClock(millis(1)),
      () => driver.store('x'),
    ])
      expect(use).toThrow('TEST_DRIVER_MISUSED')
    expect(driver.readAll('out')).toHaveLength(1)
  })

  test.each([{ other: 1 }, { partitions: { in: 0 } }, { partitions: { in: 1.5 } }])('options %o', (options) => {
    expect(() => new TopologyTestDriver(loop(), options as never)).toThrow('INVALID_STREAM_OPTION')
  })
})
