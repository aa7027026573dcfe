import { json, string, type Serde } from '@millrace/core'
import { days, StreamsBuilder, tumbling, windowed, type Topology, type Windowed } from '@millrace/streams'
import { airport, type Airport } from './airports.ts'
import { addFlight, noDelays, type Delays } from './delays.ts'
import { flight } from './flights.ts'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'flight-delays'

/** The value of an output record: one day of one airport. */
export interface DelaysByAirport extends Airport, Delays {
  readonly airport: string
}

/** Days in UTC. A day stays open until all flights are read: the data need not be in order. */
const daily = tumbling({ size: days(1), grace: 'end-of-input' })

/** The key of an output record: airport and day. */
export const airportDay: Serde<Windowed<string>> = windowed(string, daily)
export const delaysByAirport: Serde<DelaysByAirport> = json<DelaysByAirport>()

export function flightDelays(): Topology {
  const builder = new StreamsBuilder()
  const airports = builder.globalTable('airports', { key: string, value: airport, store: 'airports' })
  const flights = builder.stream('flights', { key: string, value: flight })

  flights
    .groupByKey()
    .windowedBy(daily)
    .aggregate({ store: 'daily-delays', value: json<Delays>(), initial: noDelays, add: addFlight })
    .emitFinal()
    .joinGlobal(airports, {
      on: (_delays, window) => window.key,
      join: (delays, { name, city, state }, window): DelaysByAirport => ({ airport: window.key, name, city, state, ...delays }),
    })
    .to('delays-by-airport', { key: airportDay, value: delaysByAirport })

  return builder.build()
}
