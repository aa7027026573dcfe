import { TopologyTestDriver } from '@millrace/test'
import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'
import { rxDurable } from './topology.ts'

const nine = Date.UTC(2026, 0, 1, 9)

function driverWith(...fields: readonly (readonly [ms: number, text: string])[]): TopologyTestDriver {
  const driver = new TopologyTestDriver(rxDurable())
  for (const [ms, value] of fields) driver.pipeInput('typed', { key: 'v', value, timestamp: nine + ms })
  return driver
}

test('a search is what stands in the field after half a second of silence', () => {
  using driver = driverWith([0, 'mil'], [499, 'mill'], [2_000, 'mills'])
  expect(driver.readAll('searches')).toMatchObject([{ value: { number: 1, text: 'mill' }, timestamp: nine + 999 }])
  driver.endOfInput()
  expect(driver.readAll('searches')).toMatchObject([{ value: { number: 2, text: 'mills' } }])
})

test('what is too short, and the same text again, is no search', () => {
  using driver = driverWith([0, 'mi'], [1_000, 'Mill '], [2_000, 'mills'], [2_100, 'mill'])
  driver.endOfInput()
  expect(driver.readAll('searches')).toMatchObject([{ value: { number: 1, text: 'mill' } }])
})

test('each visitor has a silence and a number of their own', () => {
  using driver = driverWith([0, 'mill'])
  driver.pipeInput('typed', { key: 'w', value: 'bran', timestamp: nine + 400 })
  driver.endOfInput()
  expect(driver.readAll('searches')).toMatchObject([
    { key: 'v', value: { number: 1, text: 'mill' } },
    { key: 'w', value: { number: 1, text: 'bran' } },
  ])
})

test('typing is measured in each window', () => {
  using driver = driverWith([3_000, 'a'], [3_100, 'ab'], [3_400, 'abc'], [10_000, 'abcd'])
  driver.endOfInput()
  expect(driver.readAll('typing')).toMatchObject([
    { key: { key: 'v', start: nine }, value: { keys: 3, longestPauseMs: 300 } },
    { key: { key: 'v', start: nine + 10_000 }, value: { keys: 1, longestPauseMs: 0 } },
  ])
})

test('the example prints the searches and how the visitors type', async () => {
  expect(await inTemporaryFolder(run)).toBe(`time       visitor  search  text
──────────────────────────────────────
00:01.100  ada           1  water
00:01.800  bo            1  flour
00:03.100  ada           2  water mill
00:13.250  bo            2  bran

from       visitor  keys  longest pause
───────────────────────────────────────
00:00.000  ada        12        2400 ms
00:00.000  bo          5         250 ms
00:10.000  bo          4         250 ms
`)
})
