import { json, type Serde } from '@millrace/core'
import type { Line, Source } from './source.ts'
import { ExampleError } from './failure.ts'
import { readJsonFlights } from './json-flights.ts'
import { openParquetFlights } from './parquet-flights.ts'

/** A flight, as the value of a record. Where it leaves from is the key, and when is the timestamp. */
export interface Flight {
  /** Minutes; negative when it arrived early. */
  readonly delay: number
  /** Miles. */
  readonly distance: number
  readonly destination: string
}

export const flight: Serde<Flight> = json<Flight>()

/** A line of either data set. */
export interface FlightLine extends Flight {
  /** Local time of the airport. Both data sets leave the zone open; this example reads it as UTC. */
  readonly departure: number
  readonly origin: string
}

/** Lines of a file of flights, wherever they are stored. */
export interface FlightFile {
  readonly file: string
  readonly lines: number
  readonly from: (line: number) => AsyncIterable<Iterable<FlightLine>>
}

/** 20,000 flights of January to March 2001, or 3,000,000 of January to June. */
export async function openFlights({ all }: { readonly all: boolean }): Promise<Source<Flight>> {
  return flightSource(all ? await openParquetFlights('flights-3m.parquet') : await readJsonFlights('flights-20k.json'))
}

export function flightSource(file: FlightFile): Source<Flight> {
  return { topic: 'flights', file: file.file, lines: file.lines, value: flight, from: (line) => toRecords(file, line) }
}

async function* toRecords({ file, from }: FlightFile, first: number): AsyncGenerator<Iterable<Line<Flight>>> {
  let line = first
  /** One at a time: no block is in memory a second time. */
  function* records(block: Iterable<FlightLine>): Generator<Line<Flight>> {
    for (const each of block) {
      if (!isFlight(each)) throw new ExampleError(`Line ${line} of ${file} is not a flight. Install vega-datasets again.`)
      yield toRecord(each)
      line++
    }
  }
  for await (const block of from(first)) yield records(block)
}

function isFlight({ departure, delay, distance, origin, destination }: FlightLine): boolean {
  const numbers = Number.isInteger(departure) && Number.isInteger(delay) && Number.isInteger(distance)
  return numbers && typeof origin === 'string' && typeof destination === 'string'
}

function toRecord({ departure, origin, destination, delay, distance }: FlightLine): Line<Flight> {
  return { key: origin, value: { delay, distance, destination }, timestamp: departure }
}
