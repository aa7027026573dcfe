import { concatMap, delay, map, of, take, type OperatorFunction } from 'rxjs'
import { expect, expectTypeOf, test } from 'vitest'
import { json, string, type Header } from '@millrace/core'
import type { RekeyedStream } from './k-stream.ts'
import { StreamsBuilder } from './streams-builder.ts'
import type { Forwarded, StreamRecord } from '../graph/processor.ts'
import { memoryStream } from '../testing/memory-stream.ts'

const number = { key: string, value: json<number>() }
const header: Header = ['h', null]

type Rec = StreamRecord<string, number>

test('an operator makes whole records of whole records', () => {
  const twice: OperatorFunction<Rec, Forwarded<string, number>> = concatMap((record) =>
    of(record, { ...record, key: `${record.key}2`, timestamp: 99, headers: [header] }, { key: 'short', value: record.value }),
  )
  const stream = memoryStream<number>((input) => {
    const out = input.transformWith('twice', twice)
    expectTypeOf(out).toEqualTypeOf<RekeyedStream<string, number>>()
    out.to('out', number)
    input.to('beside', number)
  })
  stream.feed('a', 1, 10)
  expect(stream.app.outputs.map(({ topic, key, timestamp, headers }) => [topic, key, timestamp, headers])).toEqual([
    ['out', 'a', 10, []],
    ['out', 'a2', 99, [header]],
    ['out', 'short', 10, []],
    ['beside', 'a', 10, []],
  ])
})

test('what it throws falls under the error policy, and the next record finds it anew', () => {
  const stream = memoryStream<number>(
    (input) =>
      input
        .transformWith(
          'no-twos',
          map((record: Rec) => {
            if (record.value === 2) throw new Error('two')
            return record
          }),
        )
        .to('out', number),
    { errorPolicy: 'skip' },
  )
  stream.feed('a', 1).feed('a', 2).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual([1, 3])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('one that ends is told so, and one that emits what is no record', () => {
  const ending = memoryStream<number>((input) => input.transformWith('first', take(1)).to('out', number))
  expect(() => ending.feed('a', 1)).toThrow(/RX_ENDED.*transformWith.*first/s)
  const wrong = memoryStream<number>((input) =>
    input.transformWith('wrong', map(() => 5) as unknown as OperatorFunction<Rec, Rec>).to('out', number),
  )
  expect(() => wrong.feed('a', 1)).toThrow(/RECORD_INVALID.*wrong/s)
})

test('what it emits later does not get through', () => {
  const stream = memoryStream<number>((input) => input.transformWith('later', delay(1)).to('out', number))
  stream.feed('a', 1).app.close()
  expect(stream.rows).toEqual([])
})

test('it has a name and an operator, and its stream no keyed operators', () => {
  const input = new StreamsBuilder().stream('in', number)
  expect(() => input.transformWith('', (source) => source)).toThrow(/TOPOLOGY_NAME_MISSING/)
  expect(() => input.transformWith('x', undefined as never)).toThrow(/INVALID_STREAM_OPTION.*transformWith/s)
  const behind = input.transformWith('x', (source) => source) as unknown as typeof input
  expect(() => behind.groupByKey()).toThrow(/TOPOLOGY_INVALID/)
  expect(() => input.transformWith('x', (source) => source)).toThrow(/TOPOLOGY_NAME_TAKEN/)
})
