import { test } from 'vitest'
import { json } from './json.ts'
import { int64 } from './numbers.ts'
import { string } from './string.ts'

/** One value a run. */
const flight = { date: '2001/01/01 00:47', delay: 66, distance: 1750, origin: 'DTW', destination: 'LAS' }
const flights = json<typeof flight>()
const flightBytes = Buffer.from(flights.write(flight))
const keyBytes = Buffer.from('DTW')
const textBytes = Buffer.from('x'.repeat(100))
const numberBytes = Buffer.from(int64.write(1_700_000_000_000))

test('read a value', async ({ bench }) => {
  await bench.compare(
    bench('string of 3 characters', () => void string.read(keyBytes)),
    bench('string of 100 characters', () => void string.read(textBytes)),
    bench('int64', () => void int64.read(numberBytes)),
    bench('json of 85 characters', () => void flights.read(flightBytes)),
    { time: 300 },
  )
})

test('write a value', async ({ bench }) => {
  await bench.compare(
    bench('int64', () => void int64.write(1_700_000_000_000)),
    bench('json of 85 characters', () => void flights.write(flight)),
    { time: 300 },
  )
})
