/**
 * The rows that the flight example has to print, computed apart from Millrace: plain loops over the same two files.
 *
 *   node test/e2e/expected-delays.ts [--all]     prints them, sorted
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

interface Day {
  flights: number
  late: number
  totalDelay: number
  worstDelay: number
}

/** As lines of JSON, sorted: two lists of rows are equal when these are. */
export async function expectedDelays({ all }: { readonly all: boolean }): Promise<string[]> {
  const days = new Map<string, Day>()
  if (all) await addParquet(days, 'flights-3m.parquet')
  else addJson(days, 'flights-20k.json')
  const airports = readAirports('airports.csv')
  return [...days].map(([key, day]) => toLine(key, day, airports)).sort()
}

function path(file: string): string {
  return fileURLToPath(new URL(`../data/${file}`, import.meta.resolve('vega-datasets')))
}

function addJson(days: Map<string, Day>, file: string): void {
  const flights = JSON.parse(readFileSync(path(file), 'utf8')) as readonly { date: string; delay: number; origin: string }[]
  for (const { date, delay, origin } of flights) add(days, origin, date.slice(0, 10).replaceAll('/', '-'), delay)
}

async function addParquet(days: Map<string, Day>, name: string): Promise<void> {
  const file = await asyncBufferFromFile(path(name))
  const rows = await parquetReadObjects({
    file,
    columns: ['date', 'delay', 'origin'],
    compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
  })
  for (const { date, delay, origin } of rows) add(days, String(origin), (date as Date).toISOString().slice(0, 10), Number(delay))
}

function add(days: Map<string, Day>, airport: string, date: string, delay: number): void {
  const key = `${airport} ${date}`
  const day = days.get(key)
  if (day === undefined) {
    days.set(key, { flights: 1, late: delay > 15 ? 1 : 0, totalDelay: delay > 0 ? delay : 0, worstDelay: delay })
    return
  }
  day.flights += 1
  if (delay > 15) day.late += 1
  if (delay > 0) day.totalDelay += delay
  if (delay > day.worstDelay) day.worstDelay = delay
}

function toLine(key: string, day: Day, airports: ReadonlyMap<string, readonly string[]>): string {
  const [airport = '', date = ''] = key.split(' ')
  const [, name, city, state] = airports.get(airport) ?? []
  return JSON.stringify({ airport, name, city, state, day: date, ...day })
}

function readAirports(file: string): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(path(file), 'utf8').split('\n').map(fieldsOf)
  return new Map(lines.map((fields) => [fields[0] ?? '', fields]))
}

/** Character by character, because a field in quotes may hold commas and doubled quotes. */
function fieldsOf(line: string): string[] {
  const fields: string[] = []
  let [field, quoted] = ['', false]
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i)
    if (character === '"' && quoted && line.charAt(i + 1) === '"') field += line.charAt(++i)
    else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      fields.push(field)
      field = ''
    } else field += character
  }
  return [...fields, field]
}

if (import.meta.main) {
  for (const line of await expectedDelays({ all: process.argv.includes('--all') })) process.stdout.write(`${line}\n`)
}
