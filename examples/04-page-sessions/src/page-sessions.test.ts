import { minutes } from '@millrace/streams'
import { TopologyTestDriver } from '@millrace/test'
import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'
import { pageSessions } from './topology.ts'

const nine = Date.UTC(2026, 0, 1, 9)

function driverWith(...views: readonly (readonly [minute: number, page: string])[]): TopologyTestDriver {
  const driver = new TopologyTestDriver(pageSessions())
  for (const [minute, value] of views) driver.pipeInput('views', { key: 'v', value, timestamp: nine + minutes(minute) })
  return driver
}

test('pageSessions tells of a visit once, when no view can belong to it any more', () => {
  using driver = driverWith([0, '/'], [10, '/a'], [50, '/b'])
  expect(driver.readAll('visits')).toEqual([]) // one of minute 40 might still come
  driver.pipeInput('views', { key: 'w', value: '/', timestamp: nine + minutes(51) })
  expect(driver.readAll('visits')).toMatchObject([
    { key: { key: 'v', start: nine, end: nine + minutes(10) }, value: { pages: 2, seen: ['/', '/a'] } },
  ])
})

test('pageSessions makes one visit of two when a late view lies between them', () => {
  using driver = driverWith([0, '/'], [35, '/b'], [25, '/a'])
  driver.endOfInput()
  expect(driver.readAll('visits')).toMatchObject([
    { key: { start: nine, end: nine + minutes(35) }, value: { pages: 3, seen: ['/', '/a', '/b'] } },
  ])
})

test('pageSessions drops a view whose visit is over', () => {
  using driver = driverWith([60, '/'], [19, '/late'])
  driver.endOfInput()
  expect(driver.readAll('visits')).toMatchObject([{ value: { seen: ['/'] } }])
  expect(driver.drops).toEqual({ late: 1 })
})

test('the example prints the visits', async () => {
  expect(await inTemporaryFolder(run)).toBe(`visitor  from   to     views  pages
───────────────────────────────────────────────
ada      09:00  09:10      3  / /mills /mills/7
bo       09:02  09:34      3  / /mills/7 /order
cy       09:05  09:35      2  /order /prices
ada      09:41  09:47      2  / /prices
bo       11:00  11:00      1  /
`)
})
