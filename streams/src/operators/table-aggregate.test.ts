import { describe, expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { days } from '../time/duration.ts'
import type { MemoryApp } from '../testing/memory-app.ts'
import { feed, outputOf, streamAndVersions, twoTables, write } from '../testing/memory-tables.ts'

interface Person {
  readonly city: string | null
  readonly age: number | null
}

const through = { name: 'by-city', key: string, value: json<number>() }

const byCity = ({ city, age }: Person): { key: string | null; value: number | null } => ({ key: city, value: age })

const add = (total: number, age: number): number => total + age
const subtract = (total: number, age: number): number => total - age

function ages(): MemoryApp {
  return twoTables<Person>(({ left }) =>
    write(left.groupBy(byCity, through).aggregate({ store: 'ages', value: json<number>(), initial: () => 0, add, subtract })),
  )
}

function set(app: MemoryApp, key: string, city: string | null, age: number | null, time: number = 0): void {
  feed(app, 'left', key, city === null && age === null ? null : { city, age }, time)
}

describe('aggregate', () => {
  test('an update within a group is one update of its total; one across groups leaves the old first', () => {
    const app = ages()
    set(app, 'ann', 'Bern', 30)
    set(app, 'bob', 'Bern', 5)
    set(app, 'ann', 'Bern', 31)
    expect(outputOf(app).map(([key, value]) => [key, value])).toEqual([
      ['Bern', 30],
      ['Bern', 35],
      ['Bern', 36],
    ])
    set(app, 'ann', 'Chur', 31)
    set(app, 'bob', null, null)
    expect(outputOf(app).map(([key, value]) => [key, value])).toEqual([
      ['Bern', 5],
      ['Chur', 31],
      ['Bern', 0],
    ])
  })

  test('a total has the time of the newest change in it', () => {
    const app = ages()
    set(app, 'ann', 'Bern', 30, 10)
    set(app, 'bob', 'Bern', 5, 4)
    set(app, 'ann', 'Chur', 30, 7)
    expect(outputOf(app).map(([key, , time]) => [key, time])).toEqual([
      ['Bern', 10],
      ['Bern', 10],
      ['Bern', 10],
      ['Chur', 7],
    ])
  })

  test('a null key or value keeps a row out of its group, and is counted', () => {
    const app = ages()
    set(app, 'ann', null, 30)
    set(app, 'bob', 'Bern', null)
    set(app, 'bob', 'Bern', 5)
    set(app, 'bob', null, 6)
    expect(outputOf(app).map(([key, value]) => [key, value])).toEqual([
      ['Bern', 5],
      ['Bern', 0],
    ])
    expect(Object.fromEntries(app.task('0_0').context.drops)).toEqual({ 'null-key': 2, 'null-value': 1 })
  })
})

test('count counts rows, and stays at zero', () => {
  const app = twoTables<Person>(({ left }) => write(left.groupBy(byCity, through).count({ store: 'people' })))
  set(app, 'ann', 'Bern', 30)
  set(app, 'ann', 'Bern', 31)
  set(app, 'ann', null, null)
  expect(outputOf(app).map(([, value]) => value)).toEqual([1, 1, 0])
})

test('reduce begins with the first value, and null removes the total', () => {
  const options = {
    store: 'sums',
    value: json<number>(),
    add,
    subtract: (total: number, age: number) => (total === age ? null : total - age),
  }
  const app = twoTables<Person>(({ left }) => write(left.groupBy(byCity, through).reduce(options)))
  set(app, 'ann', 'Bern', 30)
  set(app, 'bob', 'Bern', 5)
  set(app, 'ann', null, null)
  set(app, 'bob', null, null)
  set(app, 'bob', 'Bern', 6)
  expect(outputOf(app).map(([, value]) => value)).toEqual([30, 35, 5, null, 6])
})

test('older versions of a versioned table do not reach a group, and are counted', () => {
  const app = streamAndVersions(days(1), (_left, right) =>
    write(
      right
        .groupBy((value) => ({ key: value, value }), { name: 'by', key: string, value: json<string>() })
        .count({ store: 'counts' }),
    ),
  )
  feed(app, 'right', 'k', 'a', 20)
  feed(app, 'right', 'k', 'b', 10)
  feed(app, 'right', 'k', 'a', 30)
  expect(outputOf(app).map(([key, value]) => [key, value])).toEqual([
    ['a', 1],
    ['a', 1],
  ])
  expect([...app.tasks.values()].reduce((sum, { context }) => sum + (context.drops.get('out-of-order') ?? 0), 0)).toBe(1)
})
