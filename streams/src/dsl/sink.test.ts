import { describe, expect, test } from 'vitest'
import { json, string, type Header } from '@millrace/core'
import type { Partitions } from '../graph/route-node.ts'
import { StreamsBuilder } from './streams-builder.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'

const number = { key: string, value: json<number>() }

describe('a topic chosen for each record', () => {
  test('gets it, with key, value, time and headers', () => {
    const stream = memoryStream<number>((input) =>
      input.to((value, key, { timestamp }) => `${key}-${value > 1 ? 'big' : 'small'}-${timestamp}`, number),
    )
    const headers: readonly Header[] = [['h', null]]
    stream.feed('a', 1, 10, headers).feed('b', 2, 20)
    expect(stream.app.outputs).toEqual([
      { sink: 'route-1', topic: 'a-small-10', key: 'a', value: 1, timestamp: 10, headers },
      { sink: 'route-1', topic: 'b-big-20', key: 'b', value: 2, timestamp: 20, headers: [] },
    ])
  })

  test.each([undefined, null, 5, '', 'other'])(
    '%s, which is not among its topics, is refused, or skipped and counted',
    (topic) => {
      const build = (input: Parameters<Parameters<typeof memoryStream<number>>[0]>[0]): void =>
        input.to(() => topic as string, { ...number, topics: ['one', 'two'] })
      expect(() => memoryStream<number>(build).feed('a', 1)).toThrow(/RECORD_INVALID.*route-1.*one, two/s)
      expect(memoryStream<number>(build, { errorPolicy: 'skip' }).feed('a', 1).drops).toEqual({ failed: 1 })
    },
  )

  test('a chooser that throws is user code that throws', () => {
    const stream = memoryStream<number>(
      (input) =>
        input.to(() => {
          throw new Error('mine')
        }, number),
      { errorPolicy: 'skip' },
    )
    expect(stream.feed('a', 1).drops).toEqual({ failed: 1 })
    expect(stream.rows).toEqual([])
  })

  test('the description names the chooser, as Kafka its class', () => {
    const builder = new StreamsBuilder()
    const byKey = (_value: number, key: string): string => key
    builder.stream('in', number).to(byKey, number)
    expect(builder.build().describe()).toContain('Sink: route-1 (extractor class: byKey)')
  })

  test('options are checked where they are given', () => {
    const input = new StreamsBuilder().stream('in', number)
    expect(() => input.to(() => 'out', { ...number, topics: [] })).toThrow(/INVALID_STREAM_OPTION.*topics/s)
    expect(() => input.to(() => 'out', { ...number, topics: ['no/name'] })).toThrow(/TOPOLOGY_NAME_INVALID/)
    expect(() => input.to('out', { ...number, topics: ['out'] } as never)).toThrow(/INVALID_STREAM_OPTION.*topics/s)
    expect(() => input.to('out', { ...number, partition: 5 as never })).toThrow(/INVALID_STREAM_OPTION.*partition/s)
    expect(() => input.to(() => 'out', { key: string } as never)).toThrow(/INVALID_STREAM_OPTION.*value/s)
    expect(() => input.to('', { ...number, partition: () => 0 })).toThrow(/TOPOLOGY_NAME_MISSING/)
    expect(() => input.to(undefined as never, number)).toThrow(/TOPOLOGY_NAME_MISSING/)
  })
})

describe('a partition chosen for each record (KIP-873)', () => {
  const choosing = (partition: (value: number, key: string) => Partitions, errorPolicy: 'fail' | 'skip' = 'fail'): MemoryStream =>
    memoryStream<number>((input) => input.to('out', { ...number, partition }), { partitions: { out: 4 }, errorPolicy })

  test('one, several, or where the key puts it', () => {
    const chosen: readonly Partitions[] = [3, [0, 2], [1, 1], undefined]
    const stream = choosing((value) => chosen[value])
    for (const value of chosen.keys()) stream.feed('a', value)
    expect(stream.app.outputs.map(({ topic, partitions }) => [topic, partitions])).toEqual([
      ['out', [3]],
      ['out', [0, 2]],
      ['out', [1]],
      ['out', undefined],
    ])
  })

  test('none drops the record and counts it', () => {
    const stream = choosing(() => [])
    expect(stream.feed('a', 1).rows).toEqual([])
    expect(stream.drops).toEqual({ 'no-partition': 1 })
  })

  test('it knows the topic and its count', () => {
    const seen: unknown[] = []
    const stream = memoryStream<number>(
      (input) =>
        input.to((_value, key) => key, {
          ...number,
          partition: (value, key, topic, { offset }) => void seen.push([value, key, topic, offset]),
        }),
      { partitions: { a: 4 } },
    )
    stream.feed('a', 1).feed('b', 2)
    expect(seen).toEqual([
      [1, 'a', { topic: 'a', partitions: 4 }, 0],
      [2, 'b', { topic: 'b', partitions: 1 }, 1],
    ])
  })

  test.each([4, -1, 1.5, Number.NaN, [0, 4], ['0'], 'a'])('%s is refused, or skipped and counted', (partition) => {
    expect(() => choosing(() => partition as Partitions).feed('a', 1)).toThrow(/RECORD_INVALID.*route-1.*0 to 3 of out/s)
    expect(choosing(() => partition as Partitions, 'skip').feed('a', 1).drops).toEqual({ failed: 1 })
  })
})
