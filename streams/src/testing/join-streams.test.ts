import { describe, expect, test } from 'vitest'
import { string } from '@millrace/core'
import { memoryStream } from '../testing/memory-stream.ts'
import { millis } from '../time/duration.ts'
import { JoinInMemory, type Sides } from '../testing/join-streams.fixtures.ts'

const within = millis(15)
const grace = millis(5)
const text = { key: string, value: string }
const serdes = { key: string, left: string, right: string }

/**
 * The example of Kafka's documentation of joins of streams: window 15, grace 5, one key. What comes out is what Kafka Streams 4.3.1
 * gives in its TopologyTestDriver; the documentation shows results without a partner one row too early.
 */
const documented: readonly (readonly [
  timestamp: number,
  topic: 'left' | 'right',
  value: string | null,
  inner: readonly string[],
  more?: Partial<Record<Sides, readonly string[]>>,
])[] = [
  [1, 'left', null, []],
  [2, 'right', null, []],
  [3, 'left', 'A', []],
  [4, 'right', 'a', ['A+a@4']],
  [5, 'left', 'B', ['B+a@5']],
  [6, 'right', 'b', ['A+b@6', 'B+b@6']],
  [7, 'left', null, []],
  [8, 'right', null, []],
  [9, 'left', 'C', ['C+a@9', 'C+b@9']],
  [10, 'right', 'c', ['A+c@10', 'B+c@10', 'C+c@10']],
  [11, 'right', null, []],
  [12, 'left', null, []],
  [13, 'right', null, []],
  [14, 'right', 'd', ['A+d@14', 'B+d@14', 'C+d@14']],
  [15, 'left', 'D', ['D+a@15', 'D+b@15', 'D+c@15', 'D+d@15']],
  [40, 'left', 'E', []],
  [60, 'left', 'F', []],
  [80, 'right', 'f', [], { left: ['E+-@40'], outer: ['E+-@40'] }],
  [100, 'left', 'G', [], { left: ['F+-@60'], outer: ['F+-@60'] }],
  [101, 'left', 'H', [], { outer: ['-+f@80'] }],
]

describe.each(['inner', 'left', 'outer'] as const)('the documented example, %s', (sides) => {
  test('brings out what Kafka Streams brings out', () => {
    const join = new JoinInMemory({ sides, within, grace })
    for (const [timestamp, topic, value, inner, more] of documented) {
      expect([timestamp, join.feed(topic, value, timestamp)]).toEqual([timestamp, more?.[sides] ?? inner])
    }
    expect(join.drops).toEqual({ 'null-value': 7 })
  })
})

describe('the borders of a window', () => {
  test.each([
    [89, []],
    [90, ['L+R@100']],
    [100, ['L+R@100']],
    [105, ['L+R@105']],
    [106, []],
  ] as const)('a right record at %i meets a left one at 100 from 10 before to 5 after', (timestamp, expected) => {
    const reach = { before: millis(10), after: millis(5) }
    const later = new JoinInMemory({ sides: 'inner', within: reach, grace: millis(50) })
    expect([...later.feed('left', 'L', 100), ...later.feed('right', 'R', timestamp)]).toEqual(expected)
    const earlier = new JoinInMemory({ sides: 'inner', within: reach, grace: millis(50) })
    expect([...earlier.feed('right', 'R', timestamp), ...earlier.feed('left', 'L', 100)]).toEqual(expected)
  })

  test('a result without a partner comes strictly after the end and grace', () => {
    const join = new JoinInMemory({ sides: 'left', within, grace })
    expect(join.feed('left', 'L', 100)).toEqual([])
    expect(join.feed('left', 'other', 120, 'x')).toEqual([])
    expect(join.feed('left', 'another', 121, 'x')).toEqual(['L+-@100'])
  })

  test('each side looks in its own direction', () => {
    const join = new JoinInMemory({ sides: 'outer', within: { before: millis(0), after: millis(10) }, grace: millis(0) })
    join.feed('left', 'L', 100)
    join.feed('right', 'R', 100, 'other')
    expect(join.feed('left', 'x', 101, 'x')).toEqual(['-+R@100'])
    expect(join.feed('left', 'y', 110, 'x')).toEqual([])
    expect(join.feed('left', 'z', 111, 'x')).toEqual(['L+-@100'])
  })

  test('a window of nothing joins equal times', () => {
    const join = new JoinInMemory({ sides: 'inner', within: millis(0), grace: millis(0) })
    join.feed('left', 'L', 5)
    expect(join.feed('right', 'R', 5)).toEqual(['L+R@5'])
    expect(join.feed('right', 'R', 6)).toEqual([])
  })
})

test('the border of a window is met in order, without any grace', () => {
  const join = new JoinInMemory({ sides: 'inner', within: { before: millis(10), after: millis(0) }, grace: millis(0) })
  join.feed('right', 'a', 90)
  join.feed('right', 'b', 100)
  expect(join.feed('left', 'L', 100)).toEqual(['L+a@100', 'L+b@100'])
})

describe('a record that comes late', () => {
  test('meets what is kept, and has no partner at once if its window is over', () => {
    const join = new JoinInMemory({ sides: 'left', within, grace })
    join.feed('right', 'R', 100)
    join.feed('right', 'now', 120, 'x')
    expect(join.feed('left', 'L', 90)).toEqual(['L+R@100'])
    // Right records reach back 35 from 120.
    expect(join.feed('left', 'M', 84)).toEqual(['M+-@84'])
    expect(join.feed('left', 'waits', 105, 'y')).toEqual([])
    expect(join.feed('left', 'over', 104, 'y')).toEqual(['over+-@104'])
  })

  test('is not found when it is older than its own side keeps, and counted', () => {
    const join = new JoinInMemory({ sides: 'inner', within, grace })
    join.feed('left', 'newest', 100, 'x')
    join.feed('left', 'kept', 65)
    join.feed('left', 'too old', 64)
    expect(join.feed('right', 'R', 70)).toEqual(['kept+R@70'])
    expect(join.drops).toEqual({ late: 1 })
  })

  test('brings a pair after its partner was emitted alone', () => {
    const join = new JoinInMemory({ sides: 'left', within, grace })
    join.feed('left', 'L', 100)
    expect(join.feed('left', 'now', 130, 'x')).toEqual(['L+-@100'])
    expect(join.feed('right', 'R', 100)).toEqual(['L+R@100'])
  })

  test('emits nothing that waits, nor does one that is dropped', () => {
    const join = new JoinInMemory({ sides: 'left', within, grace })
    join.feed('left', 'L', 100)
    expect(join.feed('right', null, 200, 'x')).toEqual([])
    expect(join.feed('right', 'R', 150, 'x')).toEqual([])
    expect(join.feed('right', 'R', 115)).toEqual(['L+R@115'])
    expect(join.feed('right', 'now', 201, 'x')).toEqual([])
  })
})

describe('nulls', () => {
  test.each([
    ['inner', [], [], { 'null-key': 2, 'null-value': 2 }],
    ['left', ['L+-@1'], [], { 'null-key': 1, 'null-value': 2 }],
    ['outer', ['L+-@1'], ['-+R@2'], { 'null-value': 2 }],
  ] as const)('%s', (sides, left, right, drops) => {
    const join = new JoinInMemory({ sides, within, grace })
    expect(join.feed('left', 'L', 1, null)).toEqual(left)
    expect(join.feed('right', 'R', 2, null)).toEqual(right)
    expect([...join.feed('left', null, 3, null), ...join.feed('right', null, 3)]).toEqual([])
    expect(join.drops).toEqual(drops)
    expect(Object.values(join.stored).every((rows) => rows === 0)).toBe(true)
  })
})

describe('what waits for a partner', () => {
  test('comes by time, at one time the right side first, then by key and as it came', () => {
    const join = new JoinInMemory({ sides: 'outer', within, grace })
    for (const [topic, value, timestamp, key] of [
      ['left', 'l2', 11, 'b'],
      ['left', 'l1', 10, 'b'],
      ['left', 'l3', 11, 'a'],
      ['right', 'r1', 11, 'z'],
      ['left', 'l4', 11, 'a'],
    ] as const)
      join.feed(topic, value, timestamp, key)
    const order = ['l1+-@10', '-+r1@11', 'l3+-@11', 'l4+-@11', 'l2+-@11']
    expect(join.feed('left', 'x', 100, 'x')).toEqual(order)
  })

  test('goes when its partner comes, with all of its key and time', () => {
    const join = new JoinInMemory({ sides: 'outer', within, grace })
    join.feed('left', 'L', 10)
    join.feed('left', 'M', 10)
    expect(join.feed('right', 'R', 12)).toEqual(['L+R@12', 'M+R@12'])
    expect(join.feed('left', 'x', 100, 'x')).toEqual([])
  })

  test('comes at the end of the input', () => {
    const join = new JoinInMemory({ sides: 'outer', within, grace })
    join.feed('left', 'L', 10)
    join.feed('right', 'R', 1, 'other')
    expect(join.end()).toEqual(['-+R@1', 'L+-@10'])
    expect(join.stored).toMatchObject({ 'pairs-left-open': 0, 'pairs-right-open': 0 })
  })

  test('waits for the end with that grace, however late its partner is', () => {
    const join = new JoinInMemory({ sides: 'left', within, grace: 'end-of-input' })
    join.feed('left', 'L', 10)
    join.feed('left', 'M', 50)
    expect(join.feed('left', 'N', 1_000_000)).toEqual([])
    expect(join.feed('left', 'late', 20)).toEqual([])
    expect(join.feed('right', 'R', 5)).toEqual(['L+R@10', 'late+R@20'])
    expect(join.end()).toEqual(['M+-@50', 'N+-@1000000'])
    expect(join.drops).toEqual({})
  })

  test('by the thousand is emitted in several events', () => {
    const join = new JoinInMemory({ sides: 'left', within, grace })
    for (let index = 0; index < 2_500; index++) join.feed('left', `${index}`, 10 + (index % 3), `k${index % 7}`)
    const emitted = join.feed('left', 'x', 100, 'x')
    expect(emitted).toHaveLength(2_500)
    expect(emitted).toEqual(emitted.toSorted((a, b) => Number(a.split('@')[1]) - Number(b.split('@')[1])))
    expect(join.stored['pairs-left-open']).toBe(1)
  })
})

test('rows that nobody can meet any more leave the stores', () => {
  const join = new JoinInMemory({ sides: 'outer', within, grace })
  for (let time = 0; time < 2_000; time += 10) {
    join.feed('left', 'l', time, `k${time}`)
    join.feed('right', 'r', time, `k${time}`)
  }
  expect(join.stored['pairs-left']).toBeLessThan(10)
  expect(join.stored['pairs-right']).toBeLessThan(10)
  expect(join.stored).toMatchObject({ 'pairs-left-open': 0, 'pairs-right-open': 0 })
})

test('a joiner that throws is passed over under skip, and counted', () => {
  const join = (left: string): string => {
    if (left === 'bad') throw new Error('boom')
    return left
  }
  const run = memoryStream<string>(
    (input, builder) =>
      input
        .joinStream(builder.stream('right', text), { name: 'j', within, grace, ...serdes, join })
        .to('out', { key: string, value: string }),
    { errorPolicy: 'skip' },
  )
  run.feed('k', 'bad', 1).feed('k', 'good', 1)
  run.app.process({ topic: 'right', key: 'k', value: 'r', timestamp: 1 })
  expect(run.rows).toEqual([['k', 'good', 1]])
  expect(run.drops).toEqual({ failed: 1 })
})

test('a stream joined with itself meets each pair from both sides, and itself once', () => {
  const join = (left: string, right: string): string => `${left}${right}`
  const run = memoryStream<string>((input) =>
    input.joinStream(input, { name: 'self', within, grace, ...serdes, join }).to('out', text),
  )
  run.feed('k', 'a', 1).feed('k', 'b', 2).feed('k', 'c', 50)
  expect(run.rows.map((row) => row[1])).toEqual(['aa', 'ba', 'ab', 'bb', 'cc'])
})
