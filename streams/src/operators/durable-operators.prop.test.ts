/** Each durable twin against RxJS's own operator on the records of each key alone, in virtual time. */
import { fc, test } from '@fast-check/vitest'
import {
  bufferCount,
  debounceTime,
  delay,
  distinct,
  distinctUntilChanged,
  map,
  merge,
  pairwise,
  scan,
  skip,
  Subject,
  take,
  throttleTime,
  VirtualTimeScheduler,
  type Observable,
} from 'rxjs'
import { describe, expect } from 'vitest'
import { int64, json } from '@millrace/core'
import { memoryStream, type TextKeyed } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'

interface Given {
  readonly key: string
  readonly value: number
  readonly time: number
}

type Row = readonly [value: unknown, time: number]
type Reference = (source: Observable<number>, scheduler: VirtualTimeScheduler) => Observable<unknown>

const inOrder = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.nat({ max: 4 }), time: fc.nat({ max: 60 }) }), {
    maxLength: 50,
  })
  .map((all) => all.toSorted((a, b) => a.time - b.time))
const span = fc.integer({ min: 1, max: 15 })

function durable<R>(given: readonly Given[], operators: (input: TextKeyed<number>) => TextKeyed<R>) {
  const run = memoryStream<number>((input) =>
    operators(input).to('out', { key: { name: 'any', write: String }, value: json<R>() }),
  )
  for (const { key, value, time } of given) run.feed(key, value, time)
  run.app.endOfInput()
  return (wanted: string): readonly Row[] => run.rows.filter(([key]) => key === wanted).map(([, value, time]) => [value, time])
}

/** The source does not complete, so what waits comes in its time. */
function reference(given: readonly Given[], wanted: string, operators: Reference): readonly Row[] {
  const scheduler = new VirtualTimeScheduler()
  const source = new Subject<number>()
  const rows: Row[] = []
  for (const { key, value, time } of given) if (key === wanted) scheduler.schedule(() => source.next(value), time)
  operators(source, scheduler).subscribe((value) => rows.push([value, scheduler.now()]))
  scheduler.flush()
  return rows
}

function expectSame<R>(
  given: readonly Given[],
  twin: (input: TextKeyed<number>) => TextKeyed<R>,
  { rx }: { readonly rx: Reference },
): void {
  const rows = durable(given, twin)
  for (const key of ['a', 'b', 'c']) expect(rows(key)).toEqual(reference(given, key, rx))
}

const store = 's'
const value = int64

describe('a durable twin is the operator of RxJS for each key', () => {
  test.prop([inOrder])('scan', (given) => {
    const add = (total: number, one: number): number => total * 3 + one
    expectSame(given, (input) => input.scan({ store, value, initial: () => 1, add }), {
      rx: (source) => source.pipe(scan(add, 1)),
    })
  })

  test.prop([inOrder])('distinct', (given) => {
    expectSame(given, (input) => input.distinct({ store, value }), { rx: (source) => source.pipe(distinct()) })
  })

  test.prop([inOrder])('distinctUntilChanged', (given) => {
    const by = (one: number): number => one % 2
    const rx: Reference = (source) => source.pipe(distinctUntilChanged((a, b) => by(a) === by(b)))
    expectSame(given, (input) => input.distinctUntilChanged({ store, value, by }), { rx })
  })

  test.prop([inOrder])('pairwise', (given) => {
    expectSame(given, (input) => input.pairwise({ store, value }), { rx: (source) => source.pipe(pairwise()) })
  })

  test.prop([inOrder, fc.integer({ min: 1, max: 5 })])('bufferCount, take, skip', (given, count) => {
    expectSame(given, (input) => input.bufferCount({ store, value, count }), { rx: (source) => source.pipe(bufferCount(count)) })
    expectSame(given, (input) => input.take({ store, count }), { rx: (source) => source.pipe(take(count)) })
    expectSame(given, (input) => input.skip({ store, count }), { rx: (source) => source.pipe(skip(count)) })
  })

  test.prop([inOrder, span])('debounceTime', (given, ms) => {
    const rx: Reference = (source, scheduler) => source.pipe(debounceTime(ms, scheduler))
    expectSame(given, (input) => input.debounceTime({ store, value, time: millis(ms) }), { rx })
  })

  test.prop([inOrder, span])('throttleTime', (given, ms) => {
    const rx: Reference = (source, scheduler) => source.pipe(throttleTime(ms, scheduler))
    expectSame(given, (input) => input.throttleTime({ store, time: millis(ms) }), { rx })
  })

  test.prop([inOrder, span])('delay', (given, ms) => {
    const rx: Reference = (source, scheduler) => source.pipe(delay(ms, scheduler))
    expectSame(given, (input) => input.delay({ store, value, time: millis(ms) }), { rx })
  })

  test.prop([inOrder, span])('timeout, as long as time goes on', (given, ms) => {
    const mark = (last: number): string => `no more after ${last}`
    const rx: Reference = (source, scheduler) => merge(source, source.pipe(debounceTime(ms, scheduler), map(mark)))
    const end = given.at(-1)?.time ?? 0
    const rows = durable(given, (input) => input.timeout({ store, value, time: millis(ms), with: mark }))
    for (const key of ['a', 'b', 'c']) {
      const all = reference(given, key, rx)
      expect(rows(key)).toEqual(all.filter(([one, time]) => typeof one === 'number' || time < end))
    }
  })

  test.prop([inOrder, span])('deduplicate by key is throttleTime', (given, ms) => {
    const rx: Reference = (source, scheduler) => source.pipe(throttleTime(ms, scheduler))
    expectSame(given, (input) => input.deduplicate({ store, within: millis(ms) }), { rx })
  })
})
