import { styleText } from 'node:util'
import { byDay } from './by-day.ts'
import { chart } from './chart.ts'
import { tenths, whole } from './numbers.ts'
import type { Place } from './place.ts'
import type { Row } from './read-output.ts'
import type { Stage } from './stage.ts'
import { table, type Column } from '../../running/table.ts'
import { meanDelay, topAirports, type AirportDelays } from './top-airports.ts'

const chartColumns = 60
const chartRows = 5
const barWidth = 20

/** The result for a reader at a terminal. */
export function show(rows: readonly Row[], stages: readonly Stage[], place: Place): string {
  return [ranking(rows), overTime(rows), `${done(stages)}${where(place)}`].join('\n')
}

function ranking(rows: readonly Row[]): string {
  const top = topAirports(rows, 10)
  const worst = Math.max(...top.map(meanDelay))
  const columns: readonly Column<AirportDelays>[] = [
    { title: 'airport', align: 'left', cell: ({ airport, city, state }) => `${airport}  ${city}, ${state}` },
    { title: 'flights', align: 'right', cell: ({ flights }) => whole(flights) },
    { title: 'late', align: 'right', cell: ({ late, flights }) => `${whole((100 * late) / flights)} %` },
    { title: 'mean delay', align: 'right', cell: (airport) => `${tenths(meanDelay(airport))} min` },
    { title: '', align: 'left', cell: (airport) => '█'.repeat(Math.round((meanDelay(airport) / worst) * barWidth)) },
  ]
  return `${title('The ten airports with the highest mean delay, of those with at least 100 flights')}${table(top, columns)}`
}

function overTime(rows: readonly Row[]): string {
  const days = byDay(rows, chartColumns)
  const means = days.map((each) => each.meanDelay)
  const [first, last] = [days[0]?.first ?? '', days.at(-1)?.last ?? '']
  return `${title(`Mean delay in minutes from ${first} to ${last}, all airports`)}${chart(means, chartRows)}`
}

function done(stages: readonly Stage[]): string {
  const worked = stages.filter(({ flights }) => flights > 0)
  if (worked.length === 0) return 'All is done already: an earlier run has read and computed every flight.\n'
  return worked.map(speed).join('')
}

function speed({ what, flights, seconds }: Stage): string {
  return `${what} ${whole(flights)} flights in ${tenths(seconds)} s: ${whole(flights / seconds)} records/s\n`
}

function where({ log, state }: Place): string {
  return `The log lies in ${log}, the state in ${state}.\n`
}

/** Bold on a terminal that wants it. */
function title(text: string): string {
  return `${styleText('bold', text)}\n\n`
}
