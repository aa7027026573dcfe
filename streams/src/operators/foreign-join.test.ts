import { describe, expect, test } from 'vitest'
import type { MemoryApp } from '../testing/memory-app.ts'
import { feed, outputOf, twoTables, write, type Sides } from '../testing/memory-tables.ts'

type Left = readonly [foreignKey: string | null, more?: string]

function joining(sides: 'inner' | 'left', pick?: (partitions: number) => number): MemoryApp {
  const build = ({ left, right }: Sides<Left, string>): void => {
    const on = ([foreignKey]: Left): string | null => foreignKey
    if (sides === 'inner') write(left.joinForeign(right, { name: 'fk', on, join: ([a], b) => [a, b] }))
    else write(left.leftJoinForeign(right, { name: 'fk', on, join: ([a], b) => [a, b] }))
  }
  return twoTables<Left>(build, pick === undefined ? {} : { pick })
}

const none = undefined

/** The table of Kafka's documentation: side, key, value, and what each join has to give. */
const cases: readonly (readonly [
  'left' | 'right',
  string,
  Left | string | null,
  inner: readonly unknown[],
  left: readonly unknown[],
])[] = [
  ['right', '1', 'foo', [], []],
  ['left', 'k', ['1'], [['k', ['1', 'foo']]], [['k', ['1', 'foo']]]],
  ['left', 'k', ['2'], [['k', null]], [['k', ['2', null]]]],
  ['left', 'k', ['3'], [['k', null]], [['k', ['3', null]]]],
  ['right', '3', 'bar', [['k', ['3', 'bar']]], [['k', ['3', 'bar']]]],
  ['left', 'k', null, [['k', null]], [['k', null]]],
  ['left', 'k', ['1'], [['k', ['1', 'foo']]], [['k', ['1', 'foo']]]],
  ['left', 'q', ['10'], [], [['q', ['10', null]]]],
  ['left', 'r', ['10'], [], [['r', ['10', null]]]],
  [
    'right',
    '10',
    'baz',
    [
      ['q', ['10', 'baz']],
      ['r', ['10', 'baz']],
    ],
    [
      ['q', ['10', 'baz']],
      ['r', ['10', 'baz']],
    ],
  ],
  [
    'right',
    '10',
    null,
    [
      ['q', null],
      ['r', null],
    ],
    [
      ['q', ['10', null]],
      ['r', ['10', null]],
    ],
  ],
  ['left', 'n', [null], [], [['n', [null, null]]]],
  ['left', 'k', [null], [['k', null]], [['k', [null, null]]]],
  ['left', 'k', null, [], [['k', null]]],
  ['left', 'gone', null, [], []],
]

test.each([
  ['inner', 3],
  ['left', 4],
] as const)('the %s join gives what the documentation of Kafka says', (sides, column) => {
  const app = joining(sides)
  for (const [index, row] of cases.entries()) {
    const [side, key, value] = row
    feed(app, side, key, value)
    expect([index, outputOf(app).map(([k, v]) => [k, v])]).toEqual([index, row[column] ?? none])
  }
  expect(app.task('0_0').context.drops.get('null-key')).toBe(sides === 'inner' ? 2 : undefined)
})

describe('many rows with one foreign key', () => {
  test('all hear of its updates, in whatever chunk they stand, and none that has left', () => {
    const app = joining('inner')
    feed(app, 'right', 'f', 'one')
    for (let i = 0; i < 300; i++) feed(app, 'left', `k${i}`, ['f'])
    for (let i = 0; i < 300; i += 3) feed(app, 'left', `k${i}`, null)
    outputOf(app)
    feed(app, 'right', 'f', 'two')
    const expected = Array.from({ length: 300 }, (_, i) => `k${i}`).filter((_, i) => i % 3 !== 0)
    expect(new Set(outputOf(app).map(([key]) => key))).toEqual(new Set(expected))
    for (let i = 0; i < 300; i++) feed(app, 'left', `k${i}`, null)
    expect(app.task('1_0').context.keyValueStores.get('fk-subscribers')!.rows()).toEqual([])
  })
})

test('a result has the newer time when the left side asks, and that of the right side when it speaks', () => {
  const app = joining('inner')
  feed(app, 'right', 'f', 'one', 50)
  feed(app, 'left', 'k', ['f'], 10)
  feed(app, 'right', 'f', 'two', 5)
  expect(outputOf(app).map(([, , timestamp]) => timestamp)).toEqual([50, 5])
})

describe('an answer that is overtaken by its row', () => {
  /** Each step is a record, or the number of records that are delivered in the order in which they were sent. */
  function result(...steps: readonly (readonly ['left' | 'right', string, Left | string | null] | number)[]): unknown {
    const app = joining('inner', () => 0)
    for (const step of steps) {
      if (typeof step !== 'number') feed(app, ...step)
      else for (let i = 0; i < step; i++) app.deliver()
    }
    while (app.deliver()) {
      // Until nothing is on its way.
    }
    return outputOf(app).at(-1)?.slice(0, 2)
  }

  test('makes no result, and the row gets its own', () => {
    const steps = [
      ['right', '1', 'one'],
      ['right', '2', 'two'],
      ['left', 'k', ['1']],
      ['left', 'k', ['2']],
    ] as const
    expect(result(...steps)).toEqual(['k', ['2', 'two']])
  })

  test('deletes the result all the same, when the row came back without a foreign key', () => {
    const steps = [['right', '1', 'one'], ['left', 'k', ['1']], 2, ['left', 'k', null], ['left', 'k', [null]]] as const
    expect(result(...steps)).toEqual(['k', null])
  })

  test('deletes the result all the same, when the foreign row went while the row changed', () => {
    const steps = [['right', '1', 'one'], ['left', 'k', ['1']], 2, ['left', 'k', ['1', 'more']], ['right', '1', null]] as const
    expect(result(...steps)).toEqual(['k', null])
  })

  test('deletes nothing that the row has got again', () => {
    const steps = [['right', '1', 'one'], ['left', 'k', ['1']], 2, ['left', 'k', null], ['left', 'k', ['1', 'again']]] as const
    expect(result(...steps)).toEqual(['k', ['1', 'one']])
  })
})
