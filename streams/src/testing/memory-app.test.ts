import { expect, test } from 'vitest'
import { int64, json, string } from '@millrace/core'
import { StreamsBuilder } from '../dsl/streams-builder.ts'
import { map } from '../rx/pure-operators.ts'
import { days } from '../time/duration.ts'
import { windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'
import { MemoryApp } from './memory-app.ts'

interface Flight {
  readonly destination: string
  readonly delay: number
}
interface Airport {
  readonly name: string
}
interface Delays {
  readonly flights: number
  readonly worst: number
}

const daily = tumbling({ size: days(1), grace: 'end-of-input' })

/** The sample of the design. */
function flightDelays(): MemoryApp {
  const builder = new StreamsBuilder()
  const airports = builder.globalTable('airports', { key: string, value: json<Airport>(), store: 'airports' })
  const flights = builder.stream('flights', { key: string, value: json<Flight>() })
  flights
    .groupByKey()
    .windowedBy(daily)
    .aggregate({
      store: 'daily-delays',
      value: json<Delays>(),
      initial: () => ({ flights: 0, worst: -Infinity }),
      add: ({ flights: count, worst }, { delay }) => ({ flights: count + 1, worst: Math.max(worst, delay) }),
    })
    .emitFinal()
    .joinGlobal(airports, {
      on: (_delays, window) => window.key,
      join: (delays, { name }, window) => ({ airport: window.key, name, ...delays }),
    })
    .to('delays-by-airport', { key: windowed(string, daily), value: json<{ airport: string; name: string } & Delays>() })
  flights
    .pipe(map((flight) => flight.destination))
    .selectKey((destination) => destination)
    .repartition({ name: 'arrivals', key: string, value: string })
    .groupByKey()
    .count({ store: 'arrivals-by-airport' })
    .toStream()
    .filter((count): count is number => count !== null)
    .to('arrivals', { key: string, value: int64 })
  const partitionOf = (key: Uint8Array | string, partitions: number): number => key.length % partitions
  return new MemoryApp(builder.build(), { partitions: { flights: 4 }, partitionOf })
}

test('the sample of the design gives its rows over several partitions', () => {
  const app = flightDelays()
  const [first, second] = [Date.UTC(2001, 0, 1, 8), Date.UTC(2001, 0, 2, 8)]
  app.process({ topic: 'airports', key: 'BOS', value: { name: 'Logan' }, timestamp: 0 })
  const fly = (partition: number, key: string, destination: string, delay: number, timestamp: number): void =>
    app.process({ topic: 'flights', key, value: { destination, delay }, timestamp, partition })
  fly(3, 'BOS', 'JFK', 12, second)
  fly(3, 'BOS', 'JFK', -3, first)
  fly(1, 'XXX', 'BOS', 99, first)
  fly(3, 'BOS', 'XXX', 5, first)
  app.endOfInput()
  app.close()

  const rowsOf = (topic: string): unknown[] =>
    app.outputs.filter((row) => row.topic === topic).map(({ key, value, timestamp }) => [key, value, timestamp])
  const day = (of: number): { key: string; start: number; end: number } => ({
    key: 'BOS',
    start: of - (of % days(1)),
    end: of - (of % days(1)) + days(1),
  })
  expect(rowsOf('delays-by-airport')).toEqual([
    [day(first), { airport: 'BOS', name: 'Logan', flights: 2, worst: 5 }, first],
    [day(second), { airport: 'BOS', name: 'Logan', flights: 1, worst: 12 }, second],
  ])
  expect(rowsOf('arrivals')).toEqual([
    ['JFK', 1, second],
    ['JFK', 2, second],
    ['BOS', 1, first],
    ['XXX', 1, first],
  ])
  expect([...app.tasks.keys()]).toEqual(['0_0', '0_1', '0_2', '0_3', '1_0', '1_1', '1_2', '1_3'])
})

test('windows behind a repartition are closed after the windows before it', () => {
  const builder = new StreamsBuilder()
  const windows = tumbling({ size: days(1), grace: 'end-of-input' })
  builder
    .stream('in', { key: string, value: json<number>() })
    .groupByKey()
    .windowedBy(windows)
    .count({ store: 'first' })
    .emitFinal()
    .map((count, { start }) => ({ key: String(start), value: count }))
    .repartition({ name: 'by-start', key: string, value: int64 })
    .groupByKey()
    .windowedBy(windows)
    .reduce({ store: 'second', value: int64, add: (sum, count) => sum + count })
    .emitFinal()
    .to('out', { key: windowed(string, windows), value: int64 })
  const app = new MemoryApp(builder.build())
  for (const key of ['a', 'b', 'a']) app.process({ topic: 'in', key, value: 1, timestamp: 5 })
  app.endOfInput()
  expect(app.outputs.map(({ value }) => value)).toEqual([3])
})
