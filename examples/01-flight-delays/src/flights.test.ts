import { expect, test } from 'vitest'
import { openAirports } from './airports.ts'
import { flightSource, openFlights, type FlightLine } from './flights.ts'
import type { Line, Source } from './source.ts'

test('openFlights reads 20,000 flights', async () => {
  const flights = await openFlights({ all: false })
  const lines = await linesOf(flights)
  expect(flights).toMatchObject({ topic: 'flights', file: 'flights-20k.json', lines: 20_000 })
  expect(lines).toHaveLength(20_000)
  expect(lines[0]).toEqual({
    key: 'DTW',
    value: { delay: 66, distance: 1750, destination: 'LAS' },
    timestamp: Date.UTC(2001, 0, 1, 0, 47),
  })
  expect(lines.at(-1)).toEqual({
    key: 'CLT',
    value: { delay: -9, distance: 83, destination: 'GSO' },
    timestamp: Date.UTC(2001, 2, 31, 22, 27),
  })
})

test('openFlights reads 3,000,000 flights, row group by row group', async () => {
  const flights = await openFlights({ all: true })
  expect(flights).toMatchObject({ file: 'flights-3m.parquet', lines: 3_000_000 })
  let count = 0
  let last: Line<unknown> | undefined
  for await (const block of flights.from(0)) {
    for (const line of block) {
      if (count++ === 0) expect(line).toEqual(firstOfAll)
      last = line
    }
  }
  expect(count).toBe(3_000_000)
  expect(last).toEqual({ key: 'ATL', value: { delay: 33, distance: 373, destination: 'CVG' }, timestamp: Date.UTC(2001, 6, 1) })
})

const firstOfAll = { key: 'LAS', value: { delay: 33, distance: 2176, destination: 'PHL' }, timestamp: Date.UTC(2001, 0, 1, 0, 1) }

test.each([
  ['flights-20k.json', false, 19_990],
  ['flights-3m.parquet', true, 2_727_269], // one line below a border of row groups
])('openFlights goes on at any line of %s', async (_file, all, line) => {
  const flights = await openFlights({ all })
  const before = await linesOf(flights, line - 1)
  const rest = await linesOf(flights, line)
  expect(rest).toHaveLength(flights.lines - line)
  expect(rest.slice(0, 3)).toEqual(before.slice(1, 4))
})

test('openFlights reads nothing behind the last line', async () => {
  for (const all of [false, true]) {
    const flights = await openFlights({ all })
    expect(await linesOf(flights, flights.lines)).toEqual([])
  }
})

test('flightSource refuses what is not a flight and says where', async () => {
  const good: FlightLine = { departure: 0, delay: 1, distance: 2, origin: 'SFO', destination: 'OAK' }
  const bad = { ...good, departure: Number.NaN }
  const source = flightSource({
    file: 'made-up.json',
    lines: 8,
    from: async function* () {
      yield [good, good]
      yield [good, bad]
    },
  })
  await expect(linesOf(source, 4)).rejects.toThrow('Line 7 of made-up.json is not a flight')
})

test('openAirports reads every airport', async () => {
  const airports = await openAirports()
  const lines = await linesOf(airports)
  expect(airports.lines).toBe(3_376)
  expect(lines.map(({ key, value }) => [key, value.name])).toContainEqual(['DBN', 'W. H. "Bud" Barron'])
  expect(lines[0]).toMatchObject({ key: '00M', value: { name: 'Thigpen', city: 'Bay Springs', state: 'MS' } })
  expect(lines.at(-1)).toMatchObject({ key: 'ZZV', value: { name: 'Zanesville Municipal', city: 'Zanesville', state: 'OH' } })
})

async function linesOf<V>(source: Source<V>, from = 0): Promise<Line<V>[]> {
  const lines: Line<V>[] = []
  for await (const block of source.from(from)) for (const line of block) lines.push(line)
  return lines
}
