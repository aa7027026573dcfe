import { minutes } from '@millrace/streams'
import { TopologyTestDriver } from '@millrace/test'
import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'
import { fraudRules } from './topology.ts'

const noon = Date.UTC(2026, 0, 1, 12)

function driverWith(...payments: readonly (readonly [minute: number, amount: number])[]): TopologyTestDriver {
  const driver = new TopologyTestDriver(fraudRules())
  for (const [i, [minute, amount]] of payments.entries()) {
    driver.pipeInput('payments', { key: 'c', value: { id: `p${i}`, amount }, timestamp: noon + minutes(minute) })
  }
  return driver
}

test('fraudRules tells of a card in each window in which it is used often', () => {
  using driver = driverWith([6, 1], [6, 1], [7, 1], [8, 1], [9, 1])
  expect(driver.readAll('alerts')).toEqual([]) // no window is closed
  driver.endOfInput()
  const value = { rule: 'many payments', payments: 5, amount: 5 }
  expect(driver.readAll('alerts')).toMatchObject([
    { key: { key: 'c', start: noon, end: noon + minutes(10) }, value },
    { key: { key: 'c', start: noon + minutes(5), end: noon + minutes(15) }, value },
  ])
})

test('fraudRules adds up what a card pays in ten minutes, not in more', () => {
  using driver = driverWith([1, 60_000], [9, 60_000], [15, 60_000])
  driver.endOfInput()
  expect(driver.readAll('alerts')).toMatchObject([
    { key: { start: noon, end: noon + minutes(10) }, value: { rule: 'much money', payments: 2, amount: 120_000 } },
  ])
})

test('fraudRules has one alert for a window in which both rules hold: the first rule', () => {
  using driver = driverWith([1, 60_000], [2, 60_000], [2, 60_000], [3, 60_000], [4, 60_000])
  driver.endOfInput()
  expect(driver.readAll('alerts').map(({ value }) => (value as { readonly rule: string }).rule)).toEqual([
    'many payments',
    'many payments',
  ])
})

test.each([
  ['at once', 0, 1],
  ['after fifteen minutes', 15, 1],
  ['later', 16, 0],
  ['before the payment', -1, 0],
])('a payment that is confirmed %s', (_when, minute, count) => {
  using driver = driverWith([0, 500])
  const timestamp = noon + minute * minutes(1)
  driver.pipeInput('confirmations', { key: 'c', value: { payment: 'p0', bank: 'B' }, timestamp })
  expect(driver.readAll('confirmed-payments')).toMatchObject(
    Array.from({ length: count }, () => ({ key: 'c', value: { id: 'p0', amount: 500, bank: 'B' } })),
  )
})

test('a payment is not confirmed by the answer to another one with the same card', () => {
  using driver = driverWith([0, 500], [1, 700])
  driver.pipeInput('confirmations', { key: 'c', value: { payment: 'p1', bank: 'B' }, timestamp: noon + minutes(2) })
  expect(driver.readAll('confirmed-payments')).toMatchObject([{ value: { id: 'p1', amount: 700 } }])
})

test('the example finds the copied card and the car, and prints them', async () => {
  expect(await inTemporaryFolder(run)).toBe(`card    from   to     rule           payments    amount
───────────────────────────────────────────────────────
copied  12:15  12:25  many payments         6     59.94
copied  12:20  12:30  many payments         6     59.94
buyer   12:25  12:35  much money            1  12500.00
buyer   12:30  12:40  much money            1  12500.00

21 of 27 payments were confirmed.
`)
})
