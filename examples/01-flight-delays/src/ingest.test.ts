import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedLog, type LogClient } from '@millrace/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openAirports } from './airports.ts'
import { flightSource, type Flight, type FlightLine } from './flights.ts'
import { ingest } from './ingest.ts'
import { readPosition } from './positions.ts'
import { readTopic } from '../../running/read-topic.ts'
import type { Source } from './source.ts'
import { createTopics } from './topics.ts'

let folder: string
let log: LogClient
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-ingest-'))
  log = await embeddedLog({ dir: folder })
  await createTopics(log.admin)
})
afterEach(async () => {
  await log.close()
  await rm(folder, { recursive: true })
})

const airports = ['SFO', 'JFK', 'ORD', 'ATL', 'DEN', 'LAX', 'SEA']

/** The line number stands in the delay. */
function flightAt(line: number): FlightLine {
  const origin = airports[line % airports.length] ?? ''
  return { departure: 1_000 * line, origin, destination: 'BOS', delay: line, distance: 100 }
}

/** Several transactions long. It breaks off before a line, once, when it is told to. */
function madeUp({ lines = 60_000, breaksAt = Infinity, file = 'made-up.json' }: Partial<MadeUp> = {}): Source<Flight> {
  let end = Math.min(breaksAt, lines)
  return flightSource({
    file,
    lines,
    from: async function* (first) {
      yield Array.from({ length: end - first }, (_, i) => flightAt(first + i))
      if (end < lines) {
        end = lines
        throw new Error('the file broke off')
      }
    },
  })
}

interface MadeUp {
  readonly lines: number
  readonly breaksAt: number
  readonly file: string
}

/** The lines that are in the log, by airport, in the order of the log. */
async function linesInLog(): Promise<ReadonlyMap<string, number[]>> {
  const lines = new Map<string, number[]>()
  await readTopic(log, 'flights', ({ key, value, timestamp }) => {
    const { delay } = JSON.parse(Buffer.from(value ?? []).toString()) as Flight
    const airport = Buffer.from(key ?? []).toString()
    expect(timestamp).toBe(1_000 * delay)
    lines.set(airport, [...(lines.get(airport) ?? []), delay])
  })
  return lines
}

function everyLine(count: number): ReadonlyMap<string, number[]> {
  const all = Array.from({ length: count }, (_, line) => line)
  return new Map(airports.map((airport, i) => [airport, all.filter((line) => line % airports.length === i)]))
}

test('ingest puts every line into its topic and the position beside it', async () => {
  const progress: number[] = []
  expect(await ingest(log, madeUp({ lines: 700 }), (lines) => progress.push(lines))).toBe(700)
  expect(await linesInLog()).toEqual(everyLine(700))
  expect(progress).toEqual([700])
  expect(await readPosition(log, 'flights')).toEqual({ file: 'made-up.json', nextLine: 700 })
})

test('ingest goes on where it was broken off, and neither loses nor repeats a line', async () => {
  const source = madeUp({ breaksAt: 55_000 })
  await expect(ingest(log, source)).rejects.toThrow('the file broke off')
  const rest = await ingest(log, source)
  expect(rest).toBeGreaterThan(0)
  expect(rest).toBeLessThan(60_000)
  expect(await linesOf(60_000)).toBe(60_000)
})

/** How many lines there are, when each is there once and in order. */
async function linesOf(count: number): Promise<number> {
  const inOrder = new Map<string, number>()
  let seen = 0
  await readTopic(log, 'flights', ({ key, value }) => {
    const { delay } = JSON.parse(Buffer.from(value ?? []).toString()) as Flight
    const airport = Buffer.from(key ?? []).toString()
    expect(delay).toBe((inOrder.get(airport) ?? airports.indexOf(airport) - airports.length) + airports.length)
    inOrder.set(airport, delay)
    seen++
  })
  expect([...inOrder.values()].every((last) => last >= count - airports.length)).toBe(true)
  return seen
}

test('ingest does nothing when all is done already', async () => {
  await ingest(log, madeUp({ lines: 70 }))
  expect(await ingest(log, madeUp({ lines: 70 }))).toBe(0)
  expect(await linesInLog()).toEqual(everyLine(70))
})

test('ingest refuses another file for the same topic and changes nothing', async () => {
  await ingest(log, madeUp({ lines: 70, file: 'flights-3m.parquet' }))
  const refused = ingest(log, madeUp({ lines: 90, file: 'flights-20k.json' }))
  await expect(refused).rejects.toThrow(/was filled from flights-3m\.parquet, not from flights-20k\.json, .* Add --all, choose/)
  expect(await linesInLog()).toEqual(everyLine(70))
})

test('ingest keeps a position for each topic', async () => {
  const airportFile = await openAirports()
  await ingest(log, madeUp({ lines: 70 }))
  expect(await ingest(log, airportFile)).toBe(3_376)
  expect(await readPosition(log, 'airports')).toEqual({ file: 'airports.csv', nextLine: 3_376 })
  expect(await readPosition(log, 'flights')).toEqual({ file: 'made-up.json', nextLine: 70 })
})
