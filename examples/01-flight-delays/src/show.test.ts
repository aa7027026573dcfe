import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { byDay } from './by-day.ts'
import { chart } from './chart.ts'
import { placeOf } from './place.ts'
import type { Row } from './read-output.ts'
import { show } from './show.ts'
import { table } from '../../running/table.ts'
import { topAirports } from './top-airports.ts'

function row(airport: string, day: string, flights: number, totalDelay: number): Row {
  return {
    airport,
    name: `${airport} International`,
    city: 'City',
    state: 'ST',
    day,
    flights,
    late: 1,
    totalDelay,
    worstDelay: 20,
  }
}

test('topAirports ranks by mean delay over all days, and leaves airports with few flights out', () => {
  const rows = [
    row('AAA', '2001-01-01', 50, 100),
    row('BBB', '2001-01-01', 100, 500),
    row('AAA', '2001-01-02', 50, 300),
    row('CCC', '2001-01-01', 99, 9_900),
    row('DDD', '2001-01-01', 200, 100),
  ]
  expect(topAirports(rows, 2)).toEqual([
    { airport: 'BBB', name: 'BBB International', city: 'City', state: 'ST', flights: 100, late: 1, totalDelay: 500 },
    { airport: 'AAA', name: 'AAA International', city: 'City', state: 'ST', flights: 100, late: 2, totalDelay: 400 },
  ])
})

test('topAirports orders equal delays by code', () => {
  const rows = [row('BBB', '2001-01-01', 100, 500), row('AAA', '2001-01-01', 200, 1_000)]
  expect(topAirports(rows, 10).map(({ airport }) => airport)).toEqual(['AAA', 'BBB'])
})

test('byDay puts days together in order until they fit', () => {
  const rows = ['2001-01-03', '2001-01-01', '2001-01-02'].map((day, i) => row('AAA', day, 10, 10 * (i + 1)))
  expect(byDay(rows, 3).map(({ meanDelay }) => meanDelay)).toEqual([2, 3, 1])
  expect(byDay(rows, 2)).toEqual([
    { first: '2001-01-01', last: '2001-01-02', meanDelay: 2.5 },
    { first: '2001-01-03', last: '2001-01-03', meanDelay: 1 },
  ])
  expect(byDay([], 2)).toEqual([])
})

test('table makes each column as wide as its widest cell', () => {
  const rows = [
    { name: 'a', count: 10 },
    { name: 'long', count: 5 },
  ]
  const drawn = table(rows, [
    { title: 'name', align: 'left', cell: ({ name }) => name },
    { title: 'n', align: 'right', cell: ({ count }) => String(count) },
  ])
  expect(drawn).toBe(['name   n', '────────', 'a     10', 'long   5', ''].join('\n'))
})

test('chart draws values as columns of eighths', () => {
  expect(chart([0, 4, 8, 6], 2)).toBe(['8 │  █▄', '  │ ███', '0 └────', ''].join('\n'))
  expect(chart([0, 0], 1)).toBe(['0 │', '0 └──', ''].join('\n'))
})

test('show tells the ranking, the time line, the speed, and where the data lies', () => {
  const rows = [row('AAA', '2001-01-01', 100, 500), row('BBB', '2001-01-02', 200, 500)]
  const stages = [
    { what: 'Read', flights: 300, seconds: 0.1 },
    { what: 'Computed', flights: 300, seconds: 2 },
  ]
  expect(stripVTControlCharacters(show(rows, stages, placeOf('/data')))).toBe(expectedScreen)
})

test('show says so when an earlier run has done everything', () => {
  const stages = [
    { what: 'Read', flights: 0, seconds: 0.1 },
    { what: 'Computed', flights: 0, seconds: 0.1 },
  ]
  expect(show([row('AAA', '2001-01-01', 100, 500)], stages, placeOf('/data'))).toContain('All is done already')
})

const expectedScreen = `The ten airports with the highest mean delay, of those with at least 100 flights

airport        flights  late  mean delay
──────────────────────────────────────────────────────────────
AAA  City, ST      100   1 %     5.0 min  ████████████████████
BBB  City, ST      200   1 %     2.5 min  ██████████

Mean delay in minutes from 2001-01-01 to 2001-01-02, all airports

5 │█
  │█
  │█▄
  │██
  │██
0 └──

Read 300 flights in 0.1 s: 3,000 records/s
Computed 300 flights in 2.0 s: 150 records/s
The log lies in /data/log, the state in /data/state.
`
