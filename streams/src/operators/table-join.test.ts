import { expect, test } from 'vitest'
import { feed, outputOf, twoTables, write, type Sides } from '../testing/memory-tables.ts'

type Kind = 'join' | 'leftJoin' | 'outerJoin'

const nothing = undefined

/** The table of Kafka's documentation: time, side, value, and what each join has to give. Undefined: nothing. */
const cases: readonly (readonly [number, 'left' | 'right', string | null, inner: unknown, left: unknown, outer: unknown])[] = [
  [1, 'left', null, nothing, nothing, nothing],
  [2, 'right', null, nothing, nothing, nothing],
  [3, 'left', 'A', nothing, ['A', null], ['A', null]],
  [4, 'right', 'a', ['A', 'a'], ['A', 'a'], ['A', 'a']],
  [5, 'left', 'B', ['B', 'a'], ['B', 'a'], ['B', 'a']],
  [6, 'right', 'b', ['B', 'b'], ['B', 'b'], ['B', 'b']],
  [7, 'left', null, null, null, [null, 'b']],
  [8, 'right', null, nothing, nothing, null],
  [9, 'left', 'C', nothing, ['C', null], ['C', null]],
  [10, 'right', 'c', ['C', 'c'], ['C', 'c'], ['C', 'c']],
  [11, 'right', null, null, ['C', null], ['C', null]],
  [12, 'left', null, nothing, null, null],
  [13, 'right', null, nothing, nothing, nothing],
  [14, 'right', 'd', nothing, nothing, [null, 'd']],
  [15, 'left', 'D', ['D', 'd'], ['D', 'd'], ['D', 'd']],
]

function writeJoined(kind: Kind, { left, right }: Sides<string, string>): void {
  const pair = (a: string | null, b: string | null): unknown => [a, b]
  if (kind === 'join') write(left.join(right, pair))
  else if (kind === 'leftJoin') write(left.leftJoin(right, pair))
  else write(left.outerJoin(right, pair))
}

test.each([
  ['join', 3],
  ['leftJoin', 4],
  ['outerJoin', 5],
] as const)('%s of two tables gives what the documentation of Kafka says', (kind, column) => {
  const app = twoTables((sides) => writeJoined(kind, sides))
  for (const row of cases) {
    const [time, side, value] = row
    feed(app, side, 'k', value, time)
    const expected = row[column] === nothing ? [] : [['k', row[column], time]]
    expect([time, outputOf(app)]).toEqual([time, expected])
  }
})

test('a result has the time of its newer side', () => {
  const app = twoTables(({ left, right }) => write(left.join(right, (a, b) => a + b)))
  feed(app, 'left', 'k', 'A', 20)
  feed(app, 'right', 'k', 'a', 10)
  feed(app, 'left', 'k', 'B', 5)
  feed(app, 'right', 'k', null, 3)
  expect(outputOf(app)).toEqual([
    ['k', 'Aa', 20],
    ['k', 'Ba', 10],
    ['k', null, 5],
  ])
})

test('rows of filters, mapValues and joins are looked up where nothing is stored', () => {
  const app = twoTables(({ left, right }) => {
    const short = left.filter((value) => value.length < 3).mapValues((value) => value.toUpperCase())
    const twice = short.join(right, (a, b) => a + b)
    write(right.mapValues((value) => `(${value})`).leftJoin(twice, (a, b) => `${a} ${b}`))
  })
  feed(app, 'right', 'k', 'r')
  feed(app, 'left', 'k', 'ab')
  feed(app, 'left', 'k', 'long')
  feed(app, 'right', 'k', 's')
  expect(outputOf(app).map(([, value]) => value)).toEqual(['(r) null', '(r) ABr', '(r) null', '(s) null'])
})

test('a table may be joined with itself', () => {
  const app = twoTables(({ left }) => write(left.join(left, (a, b) => a + b)))
  feed(app, 'left', 'k', 'A')
  feed(app, 'left', 'k', 'B')
  expect(outputOf(app).map(([, value]) => value)).toEqual(['AA', 'AA', 'BB', 'BB'])
})

test('what user code throws is skipped under that policy, and the tables go on', () => {
  const app = twoTables(
    ({ left, right }) =>
      write(
        left.join(right, (a, b) => {
          if (a === 'bad') throw new Error('no')
          return a + b
        }),
      ),
    { errorPolicy: 'skip' },
  )
  feed(app, 'right', 'k', 'a')
  feed(app, 'left', 'k', 'bad')
  feed(app, 'left', 'k', 'B')
  expect(outputOf(app)).toEqual([['k', 'Ba', 0]])
  expect(app.task('0_0').context.drops.get('failed')).toBeGreaterThan(0)
})
