import { TopologyTestDriver } from '@millrace/test'
import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'
import { iotAverages } from './topology.ts'

const six = Date.UTC(2026, 0, 1, 6)

function driverWith(...readings: readonly (readonly [second: number, degrees: number])[]): TopologyTestDriver {
  const driver = new TopologyTestDriver(iotAverages())
  for (const [second, value] of readings) driver.pipeInput('readings', { key: 's', value, timestamp: six + second * 1000 })
  return driver
}

test('a minute takes readings until half a minute after its end', () => {
  using driver = driverWith([10, 20], [89.999, 0], [30, 22])
  expect(driver.readAll('averages')).toEqual([])
  driver.pipeInput('readings', { key: 's', value: 0, timestamp: six + 90_000 })
  expect(driver.readAll('averages')).toMatchObject([{ key: { key: 's', start: six }, value: { readings: 2, mean: 21 } }])
  expect(driver.drops).toEqual({})
})

test('a reading that comes later than that is left out and counted', () => {
  using driver = driverWith([10, 20], [90, 0], [30, 22])
  expect(driver.readAll('averages')).toMatchObject([{ value: { readings: 1, mean: 20 } }])
  expect(driver.drops).toEqual({ late: 1 })
})

test('any sensor moves the time on for all of them', () => {
  using driver = driverWith([10, 20])
  driver.pipeInput('readings', { key: 'another', value: 1, timestamp: six + 90_000 })
  expect(driver.readAll('averages')).toMatchObject([{ key: { key: 's' }, value: { readings: 1 } }])
})

test('the example prints the averages, and how many readings are in none', async () => {
  expect(await inTemporaryFolder(run)).toBe(`minute  sensor  readings   mean
───────────────────────────────
06:00   attic          6  24.25
06:00   cellar         5  11.22
06:01   attic          6  24.85
06:01   cellar         5  11.84
06:02   attic          6  25.45
06:02   cellar         6  12.45

2 of 36 readings came too late.
`)
})
