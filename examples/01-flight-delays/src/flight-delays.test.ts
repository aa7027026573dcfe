import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog } from '@millrace/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openAirports } from './airports.ts'
import { flightSource, openFlights, type Flight, type FlightLine } from './flights.ts'
import { ingest } from './ingest.ts'
import { placeOf } from './place.ts'
import { readOutput, type Row } from './read-output.ts'
import { runTopology } from './run-topology.ts'
import type { Source } from './source.ts'
import { createTopics } from './topics.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-flights-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** What the example does, from an empty directory. */
async function rowsFrom(flights: Source<Flight>, name = 'data'): Promise<readonly Row[]> {
  const place = placeOf(join(folder, name))
  await using log = await embeddedLog({ dir: place.log })
  await createTopics(log.admin)
  await ingest(log, await openAirports())
  await ingest(log, flights)
  await runTopology(log, place.state, () => {})
  return await readOutput(log) // before the log is closed
}

function madeUp(lines: readonly FlightLine[]): Source<Flight> {
  return flightSource({
    file: 'made-up.json',
    lines: lines.length,
    from: async function* (line) {
      yield lines.slice(line)
    },
  })
}

function flight(origin: string, departure: string, delay: number): FlightLine {
  return { origin, departure: Date.parse(departure), delay, distance: 100, destination: 'BOS' }
}

test('flightDelays writes a row for each airport and day, the last one too', async () => {
  const rows = await rowsFrom(
    madeUp([
      flight('SFO', '2001-01-01T00:00Z', 20),
      flight('SFO', '2001-01-01T23:59Z', -5),
      flight('SFO', '2001-01-02T00:00Z', -7),
      flight('DBN', '2001-01-01T12:00Z', 15),
    ]),
  )
  const sfo = { airport: 'SFO', name: 'San Francisco International', city: 'San Francisco', state: 'CA' }
  expect(rows).toHaveLength(3)
  expect(rows).toEqual(
    expect.arrayContaining([
      { ...sfo, day: '2001-01-01', flights: 2, late: 1, totalDelay: 20, worstDelay: 20 },
      { ...sfo, day: '2001-01-02', flights: 1, late: 0, totalDelay: 0, worstDelay: -7 },
      {
        airport: 'DBN',
        name: 'W. H. "Bud" Barron',
        city: 'Dublin',
        state: 'GA',
        day: '2001-01-01',
        flights: 1,
        late: 0,
        totalDelay: 15,
        worstDelay: 15,
      },
    ]),
  )
})

test('flightDelays drops no flight as late: a shuffled file gives the same rows', async () => {
  const lines = await linesOf(await openFlights({ all: false }))
  const inOrder = await rowsFrom(madeUp(lines), 'in-order')
  const outOfOrder = await rowsFrom(madeUp(shuffled(lines)), 'shuffled')
  expect(inOrder.length).toBeGreaterThan(6_000)
  expect(sorted(outOfOrder)).toEqual(sorted(inOrder))
})

test('runTopology has nothing to do the second time', async () => {
  const place = placeOf(folder)
  await rowsFrom(madeUp([flight('SFO', '2001-01-01T00:00Z', 20)]), '.')
  await using log = await embeddedLog({ dir: place.log })
  expect(await runTopology(log, place.state, () => {})).toBe(0)
  expect(await readOutput(log)).toHaveLength(1)
})

async function linesOf(source: Source<Flight>): Promise<FlightLine[]> {
  const lines: FlightLine[] = []
  for await (const block of source.from(0)) {
    for (const { key, value, timestamp } of block) lines.push({ ...value, origin: key, departure: timestamp })
  }
  return lines
}

/** The same order in every run: by a hash of the place. */
function shuffled<T>(list: readonly T[]): readonly T[] {
  const keyed = list.map((each, i) => ({ each, key: Math.imul(i + 1, 0x9e3779b1) >>> 0 }))
  return keyed.sort((a, b) => a.key - b.key).map(({ each }) => each)
}

function sorted(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
