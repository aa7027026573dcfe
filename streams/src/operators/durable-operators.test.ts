/** Each durable twin as diagrams: those of RxJS, a line a key. */
import { describe, expect, test } from 'vitest'
import { int64, json as jsonOf, string } from '@millrace/core'
import { expectMarbles } from './marbles.fixtures.ts'
import { memoryStream } from '../testing/memory-stream.ts'
import { millis, seconds } from '../time/duration.ts'

const store = 's'
const value = string

describe('twins without a clock have a state per key', () => {
  test('scan', () =>
    expectMarbles(
      (input) => input.scan({ store, value, initial: () => '', add: (total, one) => total + one }),
      { x: 'a-b---c', y: '-d--e' },
      { expected: { x: 'a-p---q', y: '-d--r' }, values: { p: 'ab', q: 'abc', r: 'de' } },
    ))

  test('distinct', () =>
    expectMarbles(
      (input) => input.distinct({ store, value }),
      { x: 'a-ab-a-b-c', y: '-a--a' },
      { expected: { x: 'a--b-----c', y: '-a' } },
    ))

  test('distinct by something of the value', () =>
    expectMarbles(
      (input) => input.distinct({ store, by: (text) => text.charCodeAt(0) % 2, value: int64 }),
      { x: 'a-cb-a-b-c' },
      { expected: { x: 'a--b' } },
    ))

  test('distinctUntilChanged', () =>
    expectMarbles(
      (input) => input.distinctUntilChanged({ store, value }),
      { x: 'aab-a-a', y: '-a-b-b' },
      { expected: { x: 'a-b-a', y: '-a-b' } },
    ))

  test('distinctUntilChanged by something of the value', () =>
    expectMarbles(
      (input) => input.distinctUntilChanged({ store, by: (text) => text.charCodeAt(0) % 2, value: int64 }),
      { x: 'acb-a-c' },
      { expected: { x: 'a-b-a' } },
    ))

  test('pairwise', () =>
    expectMarbles(
      (input) => input.pairwise({ store, value }),
      { x: 'a--b-c', y: '-d' },
      { expected: { x: '---p-q', y: '' }, values: { p: ['a', 'b'], q: ['b', 'c'] } },
    ))

  test('bufferCount', () =>
    expectMarbles(
      (input) => input.bufferCount({ store, value, count: 2 }),
      { x: 'a--b-c-|', y: '-d-e' },
      { expected: { x: '---p', y: '---q' }, values: { p: ['a', 'b'], q: ['d', 'e'] } },
    ))

  test('take and skip', () => {
    expectMarbles((input) => input.take({ store, count: 2 }), { x: 'ab-c', y: '--a' }, { expected: { x: 'ab', y: '--a' } })
    expectMarbles((input) => input.skip({ store, count: 2 }), { x: 'ab-c-d', y: '--a' }, { expected: { x: '---c-d', y: '' } })
  })
})

describe('twins with stream time for a clock', () => {
  const time = millis(3)

  test('throttleTime: the end of the time belongs to it', () =>
    expectMarbles(
      (input) => input.throttleTime({ store, time }),
      { x: 'ab-cd--e', y: '-a-b-c' },
      { expected: { x: 'a---d', y: '-a---c' } },
    ))

  test('debounceTime: the end of the time belongs to it, other keys move the time', () =>
    expectMarbles(
      (input) => input.debounceTime({ store, value, time }),
      { x: 'ab--c---d', y: '-----------a' },
      { expected: { x: '-------c', y: '' } },
    ))

  test('debounceTime: the end of the input lets out what waits', () =>
    expectMarbles(
      (input) => input.debounceTime({ store, value, time }),
      { x: 'ab--c', y: '-a---|' },
      { expected: { x: '-------c', y: '----a' } },
    ))

  test('delay', () =>
    expectMarbles(
      (input) => input.delay({ store, value, time }),
      { x: 'a-b----------', y: '-a--b--c' },
      { expected: { x: '---a-b', y: '----a--b' } },
    ))

  test('delay: the end of the input lets out what waits', () =>
    expectMarbles((input) => input.delay({ store, value, time: seconds(1) }), { x: 'a(bc)|' }, { expected: { x: '1s a(bc)' } }))

  test('timeout: each time again, and not at the end of the input', () =>
    expectMarbles(
      (input) => input.timeout({ store, value, time, with: (last) => `${last}!` }),
      { x: 'ab--------c-|', y: '-----a----b' },
      { expected: { x: 'ab--p-----c', y: '-----a--q-b' }, values: { p: 'b!', q: 'a!' } },
    ))

  test('deduplicate: in both directions of time', () =>
    expectMarbles(
      (input) => input.deduplicate({ store, within: time }),
      { x: 'ab-cd--e', y: '-a-b-c' },
      { expected: { x: 'a---d', y: '-a---c' } },
    ))

  test('deduplicate by something of the value, within a key', () =>
    expectMarbles(
      (input) => input.deduplicate({ store, within: time, by: (text) => text, value }),
      { x: 'aba-a-b', y: '-ab' },
      { expected: { x: 'ab--a-b', y: '-ab' } },
    ))
})

describe('out of order', () => {
  test('a delayed record goes by its time, and at once when its time has come', () => {
    const run = memoryStream<string>((input) =>
      input.delay({ store, value, time: millis(10) }).to('out', { key: string, value: string }),
    )
    run.feed('k', 'a', 20).feed('k', 'b', 15).feed('k', 'late', 10).feed('other', 'now', 30)
    expect(run.rows).toEqual([
      ['k', 'late', 20],
      ['k', 'b', 25],
      ['k', 'a', 30],
    ])
    expect(run.task.context.windowStores.get(store)!.rows()).toHaveLength(1)
  })

  test('debounceTime drops what is late, and what was followed within the time', () => {
    const run = memoryStream<string>((input) =>
      input.debounceTime({ store, value, time: millis(10) }).to('out', { key: string, value: string }),
    )
    run.feed('k', 'a', 20).feed('k', 'followed', 12).feed('k', 'late', 9).feed('other', 'now', 31)
    expect(run.rows).toEqual([['k', 'a', 30]])
    expect(run.drops).toEqual({ late: 1 })
  })

  test('throttleTime drops what is older than what went on', () => {
    const run = memoryStream<string>((input) =>
      input.throttleTime({ store, time: millis(10) }).to('out', { key: string, value: string }),
    )
    run.feed('k', 'a', 20).feed('k', 'late', 5).feed('k', 'b', 31)
    expect(run.rows.map((row) => row[1])).toEqual(['a', 'b'])
    expect(run.drops).toEqual({ late: 1 })
  })

  test('deduplicate judges what is late by no more than its time, and forgets what nobody can ask for', () => {
    const run = memoryStream<string>((input) =>
      input.deduplicate({ store, within: millis(10) }).to('out', { key: string, value: string }),
    )
    run
      .feed('k', 'a', 20)
      .feed('k', 'older', 15)
      .feed('k', 'late', 9)
      .feed('k', 'b', 31)
      .feed('k', 'judged', 21)
      .feed('k', 'c', 42)
    expect(run.rows.map((row) => row[1])).toEqual(['a', 'b', 'c'])
    expect(run.drops).toEqual({ late: 1 })
    for (let time = 100; time < 1_000; time += 20) run.feed('k', 'x', time)
    expect(run.task.context.windowStores.get(store)!.rows().length).toBeLessThan(8)
  })
})

test('a step that throws leaves the state as it was', () => {
  const run = memoryStream<number>(
    (input) =>
      input
        .scan({
          store,
          value: int64,
          initial: () => 0,
          add: (total, one) => {
            if (one < 0) throw new Error('negative')
            return total + one
          },
        })
        .to('out', { key: string, value: int64 }),
    { errorPolicy: 'skip' },
  )
  run.feed('k', 1).feed('k', -1).feed('k', 2).feed(null, 5).feed('k', null)
  expect(run.rows.map((row) => row[1])).toEqual([1, 3])
  expect(run.drops).toEqual({ failed: 1, 'null-key': 1, 'null-value': 1 })
})

describe('topN', () => {
  interface Score {
    readonly who: string
    readonly points: number
  }

  test('gives the whole list each time that it changes', () => {
    const run = memoryStream<Score>((input) =>
      input
        .groupByKey()
        .topN({ store, n: 2, value: jsonOf<Score>(), compare: (a, b) => b.points - a.points })
        .toStream()
        .to('out', { key: string, value: jsonOf<readonly Score[] | null>() }),
    )
    for (const [points, time] of [
      [5, 1],
      [3, 2],
      [3, 3],
      [9, 2],
    ] as const)
      run.feed('g', { who: `w${points}`, points }, time)
    expect(run.rows.map(([, list, time]) => [(list as Score[]).map(({ points }) => points), time])).toEqual([
      [[5], 1],
      [[5, 3], 2],
      [[9, 5], 2],
    ])
  })

  test('by: a newer value takes the place of the older one', () => {
    const run = memoryStream<Score>((input) =>
      input
        .groupByKey()
        .topN({ store, n: 2, value: jsonOf<Score>(), compare: (a, b) => b.points - a.points, by: ({ who }) => who })
        .toStream()
        .to('out', { key: string, value: jsonOf<readonly Score[] | null>() }),
    )
    for (const [who, points] of [
      ['ann', 5],
      ['bob', 4],
      ['bob', 6],
      ['cyd', 1],
      ['ann', 0],
    ] as const)
      run.feed('g', { who, points })
    expect(run.rows.map(([, list]) => (list as Score[]).map(({ who, points }) => `${who} ${points}`))).toEqual([
      ['ann 5'],
      ['ann 5', 'bob 4'],
      ['bob 6', 'ann 5'],
      ['bob 6', 'ann 0'],
    ])
  })
})
