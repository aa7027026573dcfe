/** The operators that keep nothing, part two: filterNot, flatMap, flatMapValues, peek, forEach, print, withHeaders, withTimestamp. */
import { expect, test } from 'vitest'
import { json, string, type Header } from '@millrace/core'
import { StreamsBuilder } from './streams-builder.ts'
import { memoryStream } from '../testing/memory-stream.ts'

const text = { key: string, value: string }
const number = { key: string, value: json<number>() }
const h1: Header = ['h', new Uint8Array([1])]
const h2: Header = ['h', null]

test('filterNot lets through what the predicate does not hold for', () => {
  const stream = memoryStream<number>((input) => input.filterNot((value, key) => value > 1 && key !== 'b').to('out', number))
  stream.feed('a', 1, 10).feed('a', 2, 20).feed('b', 3, 30)
  expect(stream.rows).toEqual([
    ['a', 1, 10],
    ['b', 3, 30],
  ])
})

test('flatMap gives any number of keys and values, from any iterable, at the time of the record', () => {
  const stream = memoryStream<number>((input) =>
    input
      .flatMap(function* (value, key) {
        for (let i = 0; i < value; i++) yield { key: `${key}${i}`, value: i }
      })
      .to('out', number),
  )
  expect(stream.feed('a', 0, 1).feed('a', 2, 2).rows).toEqual([
    ['a0', 0, 2],
    ['a1', 1, 2],
  ])
})

test('flatMapValues gives any number of values; the key stays, so keyed operators may follow', () => {
  const stream = memoryStream<string>((input) =>
    input
      .flatMapValues((line) => line.split(' ').filter((word) => word !== ''))
      .groupByKey()
      .count({ store: 'words' })
      .toStream()
      .to('out', { key: string, value: json<number | null>() }),
  )
  expect(stream.feed('a', 'x y', 1).feed('a', '', 2).feed('a', 'z', 3).rows).toEqual([
    ['a', 1, 1],
    ['a', 2, 1],
    ['a', 3, 3],
  ])
})

test('behind flatMap there is no keyed operator without a repartition, by type and at the call', () => {
  const input = new StreamsBuilder().stream('in', text)
  const rekeyed = input.flatMap((value) => [{ key: value, value }]) as unknown as typeof input
  expect(() => rekeyed.groupByKey()).toThrow(/TOPOLOGY_INVALID.*repartition/s)
})

test('a flatMap that fails half way gives nothing of that record', () => {
  const stream = memoryStream<number>(
    (input) =>
      input
        .flatMapValues(function* (value) {
          yield value
          if (value === 2) throw new Error('two')
          yield -value
        })
        .to('out', number),
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 1).feed('a', 2).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual([1, -1, 3, -3])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('flatMapValues of what is no list is a failure of user code', () => {
  const stream = memoryStream<number>((input) => input.flatMapValues((() => 5) as unknown as () => number[]).to('out', number))
  expect(() => stream.feed('a', 1)).toThrow(TypeError)
})

test('peek sees what passes and forEach what comes; where peek throws, the record goes no further', () => {
  const seen: string[] = []
  const stream = memoryStream<number>(
    (input) => {
      const looked = input.peek((value, key, { timestamp }) => {
        if (value === 2) throw new Error('two')
        seen.push(`peek ${key} ${value} ${timestamp}`)
      })
      looked.forEach((value) => seen.push(`each ${value}`))
      looked.to('out', number)
    },
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 1, 10).feed('a', 2, 20).feed('b', 3, 30)
  expect(seen).toEqual(['peek a 1 10', 'each 1', 'peek b 3 30', 'each 3'])
  expect(stream.rows).toEqual([
    ['a', 1, 10],
    ['b', 3, 30],
  ])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('print writes a line a record', () => {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const stream = memoryStream<unknown>((input) => {
    input.print({ write })
    input.print({ write, label: 'in', format: (_value, key, { offset }) => `${key}@${offset}` })
  })
  stream.feed('a', { x: 1 }).feed(null, null).feed('b', 'text')
  expect(lines).toEqual(['a, {"x":1}', '[in]: a@0', 'null, null', '[in]: null@1', 'b, text', '[in]: b@2'])
})

test('withHeaders changes the headers behind it and nowhere else', () => {
  const seen: unknown[] = []
  const stream = memoryStream<number>((input) => {
    const marked = input.withHeaders((value, _key, { headers }) => [...headers, [`v${value}`, null]])
    marked.to('marked', number)
    marked
      .filter((_value, _key, { headers }) => {
        seen.push(headers)
        return true
      })
      .withHeaders(() => [])
      .to('bare', number)
    marked.to('marked-again', number)
    input.to('plain', number)
  })
  stream.feed('a', 1, 10, [h1, h2])
  expect(stream.app.outputs.map(({ topic, headers }) => [topic, headers])).toEqual([
    ['marked', [h1, h2, ['v1', null]]],
    ['bare', []],
    ['marked-again', [h1, h2, ['v1', null]]],
    ['plain', [h1, h2]],
  ])
  expect(seen).toEqual([[h1, h2, ['v1', null]]])
})

test('headers go with the record through a repartition', () => {
  const stream = memoryStream<string>((input) =>
    input
      .withHeaders(() => [h2])
      .repartition({ name: 'r', ...text })
      .to('out', text),
  )
  stream.feed('a', 'x', 10, [h1])
  expect(stream.app.outputs[0]!.headers).toEqual([h2])
})

test('withTimestamp changes the time behind it and nowhere else', () => {
  const times: number[] = []
  const stream = memoryStream<number>((input) => {
    input
      .withTimestamp((value) => value)
      .peek((_value, _key, { timestamp }) => times.push(timestamp))
      .to('out', number)
    input.to('plain', number)
  })
  expect(stream.feed('a', 7, 10).rows).toEqual([
    ['a', 7, 7],
    ['a', 7, 10],
  ])
  expect(times).toEqual([7])
})

test.each([-1, 1.5, Number.NaN, '7'])('a timestamp %s is refused, or skipped and counted', (timestamp) => {
  const build = (input: Parameters<Parameters<typeof memoryStream<number>>[0]>[0]): void =>
    input.withTimestamp(() => timestamp as number).to('out', number)
  expect(() => memoryStream<number>(build).feed('a', 1)).toThrow(/RECORD_INVALID.*with-timestamp-1/s)
  expect(memoryStream<number>(build, { errorPolicy: 'skip' }).feed('a', 1).drops).toEqual({ failed: 1 })
})

test.each([null, 'h', [['h']], [[1, null]], [['h', 'text']]])('headers %j are refused', (headers) => {
  const stream = memoryStream<number>((input) =>
    input.withHeaders(() => headers as unknown as readonly Header[]).to('out', number),
  )
  expect(() => stream.feed('a', 1)).toThrow(/RECORD_INVALID.*with-headers-1/s)
})

test('what is no function is refused where it is given', () => {
  const input = new StreamsBuilder().stream('in', text)
  const none = undefined as unknown as () => never
  for (const name of ['filterNot', 'flatMap', 'flatMapValues', 'peek', 'forEach', 'withHeaders', 'withTimestamp'] as const) {
    expect(() => (input[name] as (f: unknown) => unknown)(none)).toThrow(new RegExp(`INVALID_STREAM_OPTION.*${name}`, 's'))
  }
  expect(() => input.print({ write: none })).toThrow(/INVALID_STREAM_OPTION.*print, write/s)
  expect(() => input.print(undefined as never)).toThrow(/INVALID_STREAM_OPTION/)
  expect(() => input.print({ write: () => {}, label: 1 as unknown as string })).toThrow(/INVALID_STREAM_OPTION.*print, label/s)
})
