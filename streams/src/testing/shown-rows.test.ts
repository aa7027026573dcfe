import { string } from '@millrace/core'
import { expect, test } from 'vitest'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import { millis } from '../time/duration.ts'
import { session, sliding } from '../time/windows.ts'
import { TopologyTestDriver } from './topology-test-driver.ts'

const text = { key: string, value: string }

/** The driver over one grouped topic, `in`. */
function driverOf(build: (builder: StreamsBuilder) => void, partitions: number = 1): TopologyTestDriver {
  const builder = new StreamsBuilder()
  build(builder)
  return new TopologyTestDriver(builder.build(), { partitions: { in: partitions } })
}

test('the sessions of a store have bounds; those that are closed are not there', () => {
  using driver = driverOf((builder) => {
    builder
      .stream('in', text)
      .groupByKey()
      .windowedBy(session({ gap: millis(10), grace: millis(50) }))
      .count({ store: 'visits' })
      .emitOnUpdate()
  })
  driver.input('in', text).pipe('b', 'x', 5).pipe('a', 'x', 7).pipe('a', 'x', 15).pipe('a', 'x', 40)
  expect(driver.store<string, number>('visits')).toEqual([
    { partition: 0, key: 'b', start: 5, end: 5, value: 1, timestamp: 5 },
    { partition: 0, key: 'a', start: 7, end: 15, value: 2, timestamp: 15 },
    { partition: 0, key: 'a', start: 40, end: 40, value: 1, timestamp: 40 },
  ])
  driver.pipeInput('in', { key: 'c', value: 'x', timestamp: 66 })
  expect(driver.store('visits').map(({ key, end }) => [key, end])).toEqual([
    ['a', 15],
    ['a', 40],
    ['c', 66],
  ])
})

test('sliding windows have their starts', () => {
  using driver = driverOf((builder) => {
    builder
      .stream('in', text)
      .groupByKey()
      .windowedBy(sliding({ difference: millis(10), grace: millis(5) }))
      .count({ store: 'near' })
      .emitOnUpdate()
  })
  driver.input('in', text).pipe('a', 'x', 20).pipe('b', 'x', 21).pipe('a', 'x', 25)
  expect(driver.store<string, number>('near')).toEqual([
    { partition: 0, key: 'a', start: 10, value: 1, timestamp: 20 },
    { partition: 0, key: 'b', start: 11, value: 1, timestamp: 21 },
    { partition: 0, key: 'a', start: 15, value: 2, timestamp: 25 },
    { partition: 0, key: 'a', start: 21, value: 1, timestamp: 25 },
  ])
  driver.pipeInput('in', { key: 'b', value: 'x', timestamp: 27 })
  expect(driver.store('near').map(({ key, start }) => `${String(key)}@${start}`)).toEqual(['a@15', 'b@17', 'a@21', 'b@22'])
})

test('a versioned table has a row for each version in its history, by the time of its own partition', () => {
  using driver = driverOf((builder) => {
    builder.table('in', { ...text, store: 'prices', versioned: { historyRetention: millis(50) } })
  }, 2)
  const pipe = (partition: number, key: string, value: string | null, timestamp: number): void =>
    driver.pipeInput('in', { partition, key, value, timestamp })
  pipe(0, 'tea', '1', 10)
  pipe(0, 'tea', '2', 30)
  pipe(0, 'milk', '7', 20)
  pipe(0, 'milk', null, 40)
  pipe(1, 'rice', '4', 500)
  expect(driver.store<string, string>('prices')).toEqual([
    { partition: 0, key: 'milk', value: '7', timestamp: 20, validTo: 40 },
    { partition: 0, key: 'tea', value: '1', timestamp: 10, validTo: 30 },
    { partition: 0, key: 'tea', value: '2', timestamp: 30, validTo: null },
    { partition: 1, key: 'rice', value: '4', timestamp: 500, validTo: null },
  ])
  pipe(0, 'oil', '5', 80)
  expect(driver.store('prices').map(({ key, value }) => [key, value])).toEqual([
    ['milk', '7'],
    ['oil', '5'],
    ['tea', '2'],
    ['rice', '4'],
  ])
})
