import { readFile } from 'node:fs/promises'
import type { FlightFile, FlightLine } from './flights.ts'
import { vegaDataset } from './vega-datasets.ts'

/** A line as it stands in the file. */
interface JsonLine extends Omit<FlightLine, 'departure'> {
  /** `2001/01/01 00:47` */
  readonly date: string
}

/** A small file: read at once. */
export async function readJsonFlights(file: string): Promise<FlightFile> {
  const lines = JSON.parse(await readFile(vegaDataset(file), 'utf8')) as readonly JsonLine[]
  return {
    file,
    lines: lines.length,
    from: async function* (line) {
      yield lines.slice(line).map(({ date, ...flight }) => ({ ...flight, departure: asUtc(date) }))
    },
  }
}

/** NaN when it is not a date. */
function asUtc(date: string): number {
  return Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}Z`)
}
