import { readFile } from 'node:fs/promises'
import { json, type Serde } from '@millrace/core'
import { parseCsv } from './csv.ts'
import type { Line, Source } from './source.ts'
import { vegaDataset } from './vega-datasets.ts'

/** An airport, as the value of a record. Its IATA code is the key. */
export interface Airport {
  readonly name: string
  readonly city: string
  readonly state: string
}

export const airport: Serde<Airport> = json<Airport>()

/** 3,376 airports of the United States. */
export async function openAirports(): Promise<Source<Airport>> {
  const file = 'airports.csv'
  const lines = airportsOf(await readFile(vegaDataset(file), 'utf8'))
  return {
    topic: 'airports',
    file,
    lines: lines.length,
    value: airport,
    from: async function* (line) {
      yield lines.slice(line)
    },
  }
}

/** The columns are `iata,name,city,state,country,latitude,longitude`. Airports have no time of their own: it is now. */
function airportsOf(csv: string): readonly Line<Airport>[] {
  const timestamp = Date.now()
  const [, ...rows] = parseCsv(csv)
  return rows.map(([iata = '', name = '', city = '', state = '']) => ({ key: iata, value: { name, city, state }, timestamp }))
}
