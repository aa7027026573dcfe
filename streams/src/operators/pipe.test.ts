import { delay, scan, take } from 'rxjs'
import { afterEach, expect, test, vi } from 'vitest'
import { json, string } from '@millrace/core'
import { concatMap, filter, map } from '../rx/pure-operators.ts'
import { unchecked, type ValueOperator } from '../rx/value-operator.ts'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'

const out = { key: string, value: json<number>() }

function piping(operator: ValueOperator<number, number>, errorPolicy: 'fail' | 'skip' = 'fail'): MemoryStream {
  return memoryStream<number>((input) => input.pipe(operator).to('out', out), { errorPolicy })
}

afterEach(() => {
  vi.useRealTimers()
})

test('the values go through the chain; key and time stay', () => {
  const stream = memoryStream<number>((input) =>
    input
      .pipe(
        filter((value) => value > 0),
        concatMap((value) => [value, value * 10]),
        map((value) => value + 1),
      )
      .to('out', out),
  )
  expect(stream.feed('a', 1, 10).feed('b', 0, 20).feed('c', 2, 5).rows).toEqual([
    ['a', 2, 10],
    ['a', 11, 10],
    ['c', 3, 5],
    ['c', 21, 5],
  ])
})

test('a failure behind the chain reaches the loop and does not end the chain', () => {
  const stream = memoryStream<number>((input) =>
    input
      .pipe(map((value) => value * 2))
      .mapValues((value) => {
        if (value === 4) throw new Error('four')
        return value
      })
      .to('out', out),
  )
  stream.feed('a', 1)
  expect(() => stream.feed('a', 2)).toThrow('four')
  expect(stream.feed('a', 3).rows.map(([, value]) => value)).toEqual([2, 6])
})

test('what an operator throws obeys the policy, and the chain is opened anew', () => {
  const odd = map((value: number): number => {
    if (value % 2 === 0) throw new Error('even')
    return value
  })
  expect(() => piping(odd).feed('a', 2)).toThrow('even')
  const stream = piping(odd, 'skip').feed('a', 1).feed('a', 2).feed('a', 3)
  expect(stream.rows.map(([, value]) => value)).toEqual([1, 3])
  expect(stream.drops).toEqual({ failed: 1 })
})

test('a chain that ends is a typed error that names the node', () => {
  const stream = piping(unchecked('take', take(1)))
  expect(() => stream.feed('a', 1)).toThrow('RX_ENDED: an operator in pipe completed (pipe-1)')
  const skipping = piping(unchecked('take', take(1)), 'skip')
    .feed('a', 1)
    .feed('a', 2)
  expect(skipping.rows).toEqual([])
  expect(skipping.drops).toEqual({ failed: 2 })
})

test('an emission while no record is given is a typed error after the next record', () => {
  vi.useFakeTimers()
  const stream = piping(unchecked('delay', delay(10))).feed('a', 1)
  vi.advanceTimersByTime(20)
  expect(() => stream.feed('b', 2)).toThrow('RX_ESCAPED_EMISSION')
})

test('an emission while no record is given is a typed error when the input ends', () => {
  vi.useFakeTimers()
  const stream = piping(unchecked('delay', delay(10))).feed('a', 1)
  vi.advanceTimersByTime(20)
  expect(() => stream.app.endOfInput()).toThrow(
    'RX_ESCAPED_EMISSION: an operator in pipe emitted while no record was given to it (pipe-1)',
  )
  expect(stream.rows).toEqual([])
})

test('under skip an emission while no record is given is reported at once', () => {
  vi.useFakeTimers()
  const stream = piping(unchecked('delay', delay(10)), 'skip').feed('a', 1)
  vi.advanceTimersByTime(20)
  expect(stream.drops).toEqual({ failed: 1 })
  stream.app.endOfInput()
  expect(stream.rows).toEqual([])
})

test('a closed topology lets no chain emit any more', () => {
  vi.useFakeTimers()
  const stream = piping(unchecked('delay', delay(10))).feed('a', 1)
  stream.app.close()
  vi.advanceTimersByTime(20)
  expect(() => stream.app.endOfInput()).not.toThrow()
})

test('each task runs its own chain', () => {
  const operator = unchecked<number, number>(
    'scan',
    scan((total, value) => total + value, 0),
  )
  const stream = memoryStream<number>((input) => input.pipe(operator).to('out', out), { partitions: { in: 2 } })
  stream.app.process({ topic: 'in', key: 'a', value: 5, timestamp: 0, partition: 1 })
  expect(stream.feed('a', 1).rows.map(([, value]) => value)).toEqual([5, 1])
})
