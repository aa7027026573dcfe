import { delay, merge, Observable, of, retry, scan, startWith, Subscriber, take } from 'rxjs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { concatMap, filter, map, mergeMap, tap } from './pure-operators.ts'
import { segmentOf, type Segment, type SegmentFaults } from './segment.ts'
import { unchecked, type ValueOperator } from './value-operator.ts'

const told: Error[] = []

const faults: SegmentFaults = {
  error: (kind, cause) => new Error(kind, { cause }),
  tell: (error) => void told.push(error),
}

function open(...operators: readonly ValueOperator<never, unknown>[]): Segment {
  return segmentOf(operators as readonly ValueOperator<unknown, unknown>[])(faults)
}

beforeEach(() => {
  told.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

test('a segment gives what its chain emits for a value', () => {
  const segment = open(
    map((value: number) => value + 1),
    filter((value: number) => value % 2 === 0),
    concatMap((value: number) => [value, value * 10]),
  )
  expect([...segment.push(1)]).toEqual([2, 20])
  expect([...segment.push(2)]).toEqual([])
  expect([...segment.push(3)]).toEqual([4, 40])
})

test('the index of RxJS, a hidden counter, does not reach user functions', () => {
  const given: unknown[][] = []
  const note = (...args: unknown[]): unknown[] => {
    given.push(args)
    return args
  }
  const segment = open(
    map(note),
    tap(note),
    concatMap(note),
    mergeMap(note),
    filter((...args: unknown[]) => note(...args).length > 0),
  )
  segment.push('x')
  segment.push('x')
  expect(given.filter((args) => args.length !== 1)).toEqual([])
  expect(given.length).toBeGreaterThan(9)
})

test('what user code throws reaches the caller, and the next value finds a new chain', () => {
  const segment = open(
    concatMap((value: number) => [value, -value]),
    map((value: number) => {
      if (value === -2) throw new Error('boom')
      return value
    }),
  )
  expect([...segment.push(1)]).toEqual([1, -1])
  expect(() => segment.push(2)).toThrow('boom')
  expect([...segment.push(3)]).toEqual([3, -3])
  expect(told).toEqual([])
})

test('a chain that completes is an error of the record that ended it, and is opened anew', () => {
  const segment = open(unchecked('take', take(2)))
  expect([...segment.push(1)]).toEqual([1])
  expect(() => segment.push(2)).toThrow('ended')
  expect([...segment.push(3)]).toEqual([3])
  expect(told).toEqual([])
})

test('a chain that is complete from the start is told', () => {
  const segment = open(unchecked('take', take(0)))
  expect([...segment.push(1)]).toEqual([])
  expect([...segment.push(2)]).toEqual([])
  expect(told.map(({ message }) => message)).toEqual(['ended', 'ended'])
})

test('an emission outside of a record is told, does not go on, and ends the chain', () => {
  vi.useFakeTimers()
  const segment = open(unchecked('delay', delay(10)))
  expect([...segment.push('late')]).toEqual([])
  expect([...segment.push('later')]).toEqual([])
  vi.advanceTimersByTime(100)
  expect(told.map(({ message }) => message)).toEqual(['escaped'])
  expect([...segment.push('next')]).toEqual([])
})

test('an emission while the chain is opened belongs to no record', () => {
  const segment = open(unchecked('startWith', startWith(0)))
  expect([...segment.push(1)]).toEqual([])
  expect(told.map(({ message }) => message)).toEqual(['escaped'])
})

test('a failure outside of a record is told with its cause', () => {
  vi.useFakeTimers()
  const boom = map((): number => {
    throw new Error('boom')
  })
  const fails = unchecked<number, number>('fails', (source) => merge(source, of(0).pipe(delay(5), boom)))
  const segment = open(fails)
  expect([...segment.push(1)]).toEqual([1])
  vi.advanceTimersByTime(10)
  expect(told).toMatchObject([{ message: 'escaped', cause: new Error('boom') }])
  expect([...segment.push(2)]).toEqual([2])
})

test('a closed segment is silent', () => {
  vi.useFakeTimers()
  const segment = open(unchecked('delay', delay(10)))
  segment.push(1)
  segment.close()
  vi.advanceTimersByTime(100)
  expect(told).toEqual([])
})

test('state hidden in an unchecked operator shows against a fresh chain', () => {
  const sum = (): Segment =>
    open(
      unchecked(
        'scan',
        scan((total: number, value: number) => total + value, 0),
      ),
    )
  const old = sum()
  old.push(1)
  expect([...old.push(2)]).not.toEqual([...sum().push(2)])
})

test('an operator may subscribe to its source more than once', () => {
  const doubled = unchecked<number, number>('doubled', (source) => merge(source, source.pipe(map((value) => value * 10))))
  const segment = open(doubled)
  expect([...segment.push(1)]).toEqual([1, 10])
  expect([...segment.push(2)]).toEqual([2, 20])
})

test('an operator may subscribe anew after a failure', () => {
  const failing = map((value: number): number => {
    if (value === 2) throw new Error('two')
    return value
  })
  const segment = open(unchecked<number, number>('retry', (source) => source.pipe(failing, retry())))
  expect([1, 2, 3].map((value) => [...segment.push(value)])).toEqual([[1], [], [3]])
})

test('what an operator throws past RxJS is a failure like any other', () => {
  const raw = unchecked<number, number>('raw', (source) => new Observable((out) => source.subscribe(new Raw(out))))
  const segment = open(raw)
  expect(() => segment.push(2)).toThrow('raw')
  expect([...segment.push(1)]).toEqual([1])
})

class Raw extends Subscriber<number> {
  protected override _next(value: number): void {
    if (value === 2) throw new Error('raw')
    this.destination.next(value)
  }
}
