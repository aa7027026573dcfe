import type { Row } from './read-output.ts'

/** An airport over the whole time. */
export interface AirportDelays {
  readonly airport: string
  readonly name: string
  readonly city: string
  readonly state: string
  readonly flights: number
  readonly late: number
  readonly totalDelay: number
}

/** Below this a mean says little. */
const enoughFlights = 100

/** The airports with the highest mean delay, the highest first. */
export function topAirports(rows: readonly Row[], count: number): readonly AirportDelays[] {
  return [...byAirport(rows).values()]
    .filter(({ flights }) => flights >= enoughFlights)
    .sort((a, b) => meanDelay(b) - meanDelay(a) || (a.airport < b.airport ? -1 : 1))
    .slice(0, count)
}

/** Minutes. */
export function meanDelay({ totalDelay, flights }: Pick<AirportDelays, 'totalDelay' | 'flights'>): number {
  return totalDelay / flights
}

function byAirport(rows: readonly Row[]): ReadonlyMap<string, AirportDelays> {
  const airports = new Map<string, AirportDelays>()
  for (const row of rows) airports.set(row.airport, plus(airports.get(row.airport) ?? nothing(row), row))
  return airports
}

function nothing({ airport, name, city, state }: Row): AirportDelays {
  return { airport, name, city, state, flights: 0, late: 0, totalDelay: 0 }
}

function plus(sum: AirportDelays, { flights, late, totalDelay }: Row): AirportDelays {
  return { ...sum, flights: sum.flights + flights, late: sum.late + late, totalDelay: sum.totalDelay + totalDelay }
}
