import { describe, expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { feed, outputOf, twoTables, write } from '../testing/memory-tables.ts'

const isShort = (value: string): boolean => value.length < 2

test('a row goes when it does not pass any more; what never passed is not deleted', () => {
  const app = twoTables(({ left }) => write(left.filter(isShort)))
  for (const [time, value] of ['long', null, 'a', 'b', 'long', 'longer', null, 'c', null].entries())
    feed(app, 'left', 'k', value, time)
  expect(outputOf(app)).toEqual([
    ['k', 'a', 2],
    ['k', 'b', 3],
    ['k', null, 4],
    ['k', 'c', 7],
    ['k', null, 8],
  ])
})

test('filterNot is the other half', () => {
  const app = twoTables(({ left }) => write(left.filterNot(isShort)))
  for (const value of ['a', 'long', 'b', 'c']) feed(app, 'left', 'k', value)
  expect(outputOf(app).map(([, value]) => value)).toEqual(['long', null])
})

test('mapValues passes every update on, deletions too', () => {
  const app = twoTables(({ left }) => write(left.mapValues((value, key) => `${key}:${value}`)))
  for (const value of [null, 'a', 'a', null]) feed(app, 'left', 'k', value)
  expect(outputOf(app).map(([, value]) => value)).toEqual([null, 'k:a', 'k:a', null])
})

test('a store keeps the rows of an operator', () => {
  const kept = { store: 'kept', value: json<string>() }
  const app = twoTables(({ left }) => write(left.filter(isShort, kept).mapValues((value) => value + value)))
  for (const [key, value] of [
    ['k', 'a'],
    ['l', 'b'],
    ['k', 'long'],
  ] as const)
    feed(app, 'left', key, value)
  expect(outputOf(app).map(([key, value]) => [key, value])).toEqual([
    ['k', 'aa'],
    ['l', 'bb'],
    ['k', null],
  ])
  const rows = app.task('0_0').context.keyValueStores.get('kept')!.rows()
  expect(rows.map(({ key, value }) => [key, value])).toEqual([['l', 'b']])
})

describe('toTable', () => {
  test('makes rows of records: null deletes, a null key is dropped and counted, offsets decide and not times', () => {
    const app = twoTables(({ builder }) => {
      const stream = builder.stream('in', { key: string, value: json<string>() })
      write(stream.toTable({ store: 'rows', value: json<string>() }).filter(isShort))
    })
    feed(app, 'in', 'k', 'a', 10)
    feed(app, 'in', 'k', 'b', 5)
    feed(app, 'in', null, 'c', 6)
    feed(app, 'in', 'k', null, 7)
    expect(outputOf(app)).toEqual([
      ['k', 'a', 10],
      ['k', 'b', 5],
      ['k', null, 7],
    ])
    expect([...app.tasks.values()].map(({ context }) => context.drops.get('null-key') ?? 0)).toEqual([0, 0, 1])
  })
})
