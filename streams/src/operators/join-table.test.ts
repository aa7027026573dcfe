import { describe, expect, test } from 'vitest'
import type { MemoryApp } from '../testing/memory-app.ts'
import { feed, outputOf, streamAndTable, streamAndVersions, write } from '../testing/memory-tables.ts'
import { millis } from '../time/duration.ts'

const pair = (a: string, b: string | null): unknown => [a, b]

function joining(sides: 'inner' | 'left'): MemoryApp {
  return streamAndTable((left, right) => write(sides === 'inner' ? left.join(right, pair) : left.leftJoin(right, pair)))
}

function versions(sides: 'inner' | 'left', history: number, grace?: number): MemoryApp {
  const later = grace === undefined ? undefined : { grace: millis(grace), store: 'waiting', value: textValue }
  return streamAndVersions(millis(history), (left, right) => {
    if (later === undefined) write(sides === 'inner' ? left.join(right, pair) : left.leftJoin(right, pair))
    else write(sides === 'inner' ? left.join(right, pair, later) : left.leftJoin(right, pair, later))
  })
}

const textValue = { name: 'text', write: (text: string) => text, read: (bytes: Uint8Array) => Buffer.from(bytes).toString() }

const nothing = undefined

/** The table of Kafka's documentation. */
const cases: readonly (readonly [number, 'left' | 'right', string | null, inner: unknown, left: unknown])[] = [
  [1, 'left', null, nothing, nothing],
  [2, 'right', null, nothing, nothing],
  [3, 'left', 'A', nothing, ['A', null]],
  [4, 'right', 'a', nothing, nothing],
  [5, 'left', 'B', ['B', 'a'], ['B', 'a']],
  [6, 'right', 'b', nothing, nothing],
  [7, 'left', null, nothing, nothing],
  [8, 'right', null, nothing, nothing],
  [9, 'left', 'C', nothing, ['C', null]],
  [10, 'right', 'c', nothing, nothing],
  [11, 'right', null, nothing, nothing],
  [12, 'left', null, nothing, nothing],
  [13, 'right', null, nothing, nothing],
  [14, 'right', 'd', nothing, nothing],
  [15, 'left', 'D', ['D', 'd'], ['D', 'd']],
]

test.each([
  ['inner', 3],
  ['left', 4],
] as const)('the %s join of a stream and a table gives what the documentation of Kafka says', (sides, column) => {
  const app = joining(sides)
  for (const row of cases) {
    const [time, side, value] = row
    feed(app, side, 'k', value, time)
    expect([time, outputOf(app)]).toEqual([time, row[column] === nothing ? [] : [['k', row[column], time]]])
  }
  expect(app.task('0_0').context.drops.get('null-value')).toBe(3)
})

test('a table that is not versioned is joined as it is now, whatever the times', () => {
  const app = joining('inner')
  feed(app, 'right', 'k', 'a', 100)
  feed(app, 'right', 'k', 'b', 50)
  feed(app, 'left', 'k', 'A', 10)
  expect(outputOf(app)).toEqual([['k', ['A', 'b'], 10]])
})

test('a null key is dropped and counted, and kept by a left join', () => {
  const [inner, left] = [joining('inner'), joining('left')]
  for (const app of [inner, left]) feed(app, 'left', null, 'A', 1)
  expect(outputOf(inner)).toEqual([])
  expect(inner.task('0_0').context.drops.get('null-key')).toBe(1)
  expect(outputOf(left)).toEqual([[null, ['A', null], 1]])
})

describe('a versioned table', () => {
  test('is joined as it was at the time of the record', () => {
    const app = versions('left', 100)
    feed(app, 'right', 'k', 'a', 10)
    feed(app, 'right', 'k', 'c', 30)
    feed(app, 'right', 'k', 'b', 20)
    feed(app, 'right', 'k', null, 40)
    for (const time of [9, 10, 25, 30, 39, 40, 99]) feed(app, 'left', 'k', 'A', time)
    expect(outputOf(app).map(([, value, time]) => [time, (value as string[])[1]])).toEqual([
      [9, null],
      [10, 'a'],
      [25, 'b'],
      [30, 'c'],
      [39, 'c'],
      [40, null],
      [99, null],
    ])
  })

  test('forgets what is older than its history, but not the newest version', () => {
    const app = versions('left', 10)
    feed(app, 'right', 'k', 'a', 10)
    feed(app, 'right', 'k', 'b', 20)
    feed(app, 'right', 'other', 'x', 25)
    feed(app, 'left', 'k', 'A', 15)
    feed(app, 'left', 'k', 'A', 14)
    feed(app, 'right', 'other', 'x', 100)
    feed(app, 'left', 'k', 'A', 50)
    expect(outputOf(app).map(([, value]) => (value as string[])[1])).toEqual(['a', null, 'b'])
  })

  test('drops and counts what comes later than its history', () => {
    const app = versions('inner', 10)
    feed(app, 'right', 'k', 'a', 20)
    feed(app, 'right', 'k', 'b', 9)
    feed(app, 'right', 'k', 'c', 10)
    feed(app, 'left', 'k', 'A', 19)
    expect(outputOf(app)).toEqual([['k', ['A', 'c'], 19]])
    expect(app.task('0_0').context.drops.get('late')).toBe(1)
  })
})

describe('grace (KIP-923)', () => {
  test('a record waits until stream time is that far beyond it, and meets rows that came late', () => {
    const app = versions('inner', 100, 10)
    feed(app, 'left', 'k', 'A', 20)
    feed(app, 'right', 'k', 'a', 15)
    feed(app, 'left', 'k', 'B', 29)
    expect(outputOf(app)).toEqual([])
    feed(app, 'left', 'x', 'X', 30)
    expect(outputOf(app)).toEqual([['k', ['A', 'a'], 20]])
    app.endOfInput()
    expect(outputOf(app)).toEqual([['k', ['B', 'a'], 29]])
  })

  test('records leave by time, those of one key and time as they came', () => {
    const app = versions('left', 100, 10)
    feed(app, 'left', 'b', '1', 5)
    feed(app, 'left', 'a', '2', 5)
    feed(app, 'left', 'b', '3', 5)
    feed(app, 'left', 'a', '4', 3)
    feed(app, 'left', 'a', '5', 50)
    expect(outputOf(app).map(([, value]) => (value as string[])[0])).toEqual(['4', '2', '1', '3'])
  })

  test('a record that is later than the grace does not wait', () => {
    const app = versions('left', 100, 10)
    feed(app, 'left', 'k', 'A', 50)
    feed(app, 'left', 'k', 'late', 39)
    feed(app, 'left', 'k', 'at the border', 40)
    expect(outputOf(app).map(([, value, time]) => [(value as string[])[0], time])).toEqual([
      ['late', 39],
      ['at the border', 40],
    ])
  })

  test('a record that is dropped moves no time', () => {
    const app = versions('inner', 100, 8)
    feed(app, 'right', 'k', 'a', 20)
    feed(app, 'left', 'k', 'A', 20)
    feed(app, 'left', 'k', null, 28)
    feed(app, 'left', 'k', 'B', 27)
    expect(outputOf(app)).toEqual([])
    feed(app, 'left', 'k', 'C', 28)
    expect(outputOf(app)).toEqual([['k', ['A', 'a'], 20]])
  })

  test('a record keeps its headers while it waits', () => {
    const app = versions('left', 100, 10)
    const headers = [['trace', Buffer.from('1')]] as const
    app.process({ topic: 'left', key: 'k', value: 'A', timestamp: 5, headers })
    feed(app, 'left', 'k', 'B', 50)
    expect(app.outputs.map((output) => output.headers)).toEqual([headers])
  })
})
