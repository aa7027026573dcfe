import { fc, test as property } from '@fast-check/vitest'
import {
  auditTime,
  bufferCount,
  bufferTime,
  concat,
  count,
  debounceTime,
  delay,
  interval,
  last,
  map,
  merge,
  mergeMap,
  of,
  reduce,
  sampleTime,
  scan,
  switchMap,
  take,
  takeUntil,
  throttleTime,
  timer,
  toArray,
  VirtualTimeScheduler,
  windowCount,
  zip,
  type Observable,
  type SchedulerLike,
  Subject,
  NEVER,
} from 'rxjs'
import { describe, expect, test } from 'vitest'
import { virtualRun, type VirtualPipeline } from './virtual-run.ts'

const window = { key: 'k', start: 1_000, end: 1_100 }
const items = [
  { time: 1_000, value: 1 },
  { time: 1_010, value: 2 },
  { time: 1_010, value: 3 },
  { time: 1_040, value: 4 },
]

function run<R>(pipeline: VirtualPipeline<string, number, R>, over: typeof items = items) {
  const { emitted, ended } = virtualRun(pipeline, over, window)
  return { rows: emitted.map(({ time, value }) => [time, value]), ended }
}

describe('a pipeline over records that are there', () => {
  test('emits at their times, and at the last millisecond of the window when they end', () => {
    expect(run((records) => records.pipe(map((one) => one * 10)))).toEqual({
      rows: [
        [1_000, 10],
        [1_010, 20],
        [1_010, 30],
        [1_040, 40],
      ],
      ended: true,
    })
    expect(run((records) => records.pipe(reduce((sum, one) => sum + one, 0))).rows).toEqual([[1_099, 10]])
    expect(run((records) => records.pipe(toArray()), []).rows).toEqual([[1_099, []]])
  })

  test('has event time for a clock', () => {
    expect(run((records, { scheduler }) => records.pipe(debounceTime(20, scheduler))).rows).toEqual([
      [1_030, 3],
      [1_060, 4],
    ])
    expect(run((records, { scheduler }) => records.pipe(delay(100, scheduler), last())).rows).toEqual([[1_140, 4]])
    expect(
      run((records, { scheduler }) =>
        records.pipe(
          take(1),
          map(() => scheduler.now()),
        ),
      ).rows,
    ).toEqual([[1_000, 1_000]])
  })

  test('may subscribe more than once: each time from the start', () => {
    expect(run((records) => zip(records, records.pipe(map((one) => -one)))).rows).toHaveLength(4)
    expect(run((records) => concat(records.pipe(count()), records)).rows.map(([, value]) => value)).toEqual([4, 1, 2, 3, 4])
  })

  test('may end before its records, or long after them', () => {
    expect(run((records) => records.pipe(take(2)))).toEqual({
      rows: [
        [1_000, 1],
        [1_010, 2],
      ],
      ended: true,
    })
    expect(run((_records, { scheduler }) => timer(1_000_000_000_000, scheduler)).rows).toEqual([[1_000_000_001_000, 0]])
    expect(run(() => [7]).rows).toEqual([[1_000, 7]])
  })

  test('that waits for something else, or goes on for ever, has not ended', () => {
    expect(run(() => NEVER).ended).toBe(false)
    expect(run((records) => merge(records, new Subject<number>())).ended).toBe(false)
    expect(run((_records, { scheduler }) => interval(10, scheduler)).ended).toBe(false)
  })

  test('that fails throws what it failed with', () => {
    const boom = (): never => {
      throw new RangeError('boom')
    }
    expect(() => run((records) => records.pipe(map(boom)))).toThrow(new RangeError('boom'))
    expect(() => run(boom)).toThrow(new RangeError('boom'))
  })
})

type Pipeline = (source: Observable<number>, scheduler: SchedulerLike) => Observable<unknown>

/** Operators with hidden state, time and completion, which a stream without an end could not have. */
const pipelines: readonly (readonly [name: string, pipeline: Pipeline])[] = [
  ['debounceTime', (source, scheduler) => source.pipe(debounceTime(7, scheduler))],
  [
    'throttleTime with trailing',
    (source, scheduler) => source.pipe(throttleTime(7, scheduler, { leading: true, trailing: true })),
  ],
  ['auditTime', (source, scheduler) => source.pipe(auditTime(5, scheduler))],
  ['sampleTime', (source, scheduler) => source.pipe(sampleTime(9, scheduler))],
  ['bufferTime', (source, scheduler) => source.pipe(bufferTime(11, scheduler))],
  [
    'bufferCount, scan',
    (source) =>
      source.pipe(
        bufferCount(3, 1),
        scan((sum, some) => sum + some.length, 0),
      ),
  ],
  [
    'windowCount',
    (source) =>
      source.pipe(
        windowCount(2),
        mergeMap((some) => some.pipe(toArray())),
      ),
  ],
  ['switchMap', (source, scheduler) => source.pipe(switchMap((one) => of(one, one).pipe(delay(4, scheduler))))],
  ['takeUntil', (source, scheduler) => source.pipe(takeUntil(timer(33, scheduler)))],
]

describe.each(pipelines)('%s over a window is RxJS in its own virtual time', (_name, pipeline) => {
  property.prop([fc.array(fc.tuple(fc.integer({ min: 0, max: 99 }), fc.nat({ max: 9 })), { maxLength: 25 })])(
    'always',
    (given) => {
      const over = given.map(([time, value]) => ({ time: 1_000 + time, value })).toSorted((a, b) => a.time - b.time)
      const scheduler = new VirtualTimeScheduler()
      scheduler.frame = 1_000
      const source = new Subject<number>()
      for (const { time, value } of over) scheduler.schedule(() => source.next(value), time - 1_000)
      scheduler.schedule(() => source.complete(), 99)
      const expected: unknown[] = []
      pipeline(source, scheduler).subscribe((value) => expected.push([scheduler.now(), value]))
      scheduler.flush()
      const { emitted, ended } = virtualRun((records: Observable<number>, at) => pipeline(records, at.scheduler), over, window)
      expect(emitted.map(({ time, value }) => [time, value])).toEqual(expected)
      expect(ended).toBe(true)
    },
  )
})
