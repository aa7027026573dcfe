import { expect, test } from 'vitest'
import { json, string } from '@millrace/core'
import { memoryStream, type MemoryStream } from '../testing/memory-stream.ts'

interface Person {
  readonly city: string | null
}

function joining(
  join: (value: Person, city: string, key: string) => string,
  errorPolicy: 'fail' | 'skip' = 'fail',
): MemoryStream {
  return memoryStream<Person>(
    (input, builder) => {
      const cities = builder.globalTable('cities', { key: string, value: json<string>(), store: 'cities' })
      input.joinGlobal(cities, { on: ({ city }) => city!, join }).to('out', { key: string, value: string })
    },
    { errorPolicy },
  )
}

function setCity(stream: MemoryStream, key: string, value: string | null): void {
  stream.app.process({ topic: 'cities', key, value, timestamp: 99 })
}

test('a record meets the row that it names, as the table is now; its own time stays', () => {
  const stream = joining((_person, name, key) => `${key} in ${name}`)
  setCity(stream, 'z', 'Zürich')
  stream.feed('ann', { city: 'z' }, 10)
  setCity(stream, 'z', 'Zurich')
  stream.feed('ann', { city: 'z' }, 5)
  expect(stream.rows).toEqual([
    ['ann', 'ann in Zürich', 10],
    ['ann', 'ann in Zurich', 5],
  ])
})

test('no row, no record: also when it was deleted', () => {
  const stream = joining((_person, name) => name).feed('ann', { city: 'z' })
  setCity(stream, 'z', 'Zürich')
  setCity(stream, 'z', null)
  expect(stream.feed('ann', { city: 'z' }).rows).toEqual([])
  expect(stream.drops).toEqual({})
})

test('a null value, and no key for the table, are dropped and counted', () => {
  const stream = joining((_person, name) => name)
  stream.feed('ann', null).feed('ann', { city: null }).feed('ann', {})
  expect(stream.drops).toEqual({ 'null-value': 1, 'null-key': 2 })
})

test('a record without a key may be joined: its key is not used', () => {
  const stream = joining((_person, name, key) => `${key} ${name}`)
  setCity(stream, 'z', 'Zürich')
  expect(stream.feed(null, { city: 'z' }).rows).toEqual([[null, 'null Zürich', 0]])
})

test('under skip a failing joiner leaves the record out', () => {
  const stream = joining((_person, name) => {
    if (name === 'bad') throw new Error('bad')
    return name
  }, 'skip')
  setCity(stream, 'b', 'bad')
  setCity(stream, 'g', 'good')
  stream.feed('ann', { city: 'b' }).feed('ann', { city: 'g' })
  expect(stream.rows.map(([, value]) => value)).toEqual(['good'])
  expect(stream.drops).toEqual({ failed: 1 })
})
