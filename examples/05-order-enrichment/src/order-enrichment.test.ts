import { TopologyTestDriver } from '@millrace/test'
import { expect, test } from 'vitest'
import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'
import { orderEnrichment } from './topology.ts'

const flour = { key: 'flour', value: { title: 'Flour', price: 149 }, timestamp: 0 }
const ada = { key: 'c1', value: { name: 'Ada', city: 'Bath' }, timestamp: 1 }
const order = { key: 'o1', value: { customer: 'c1', product: 'flour', pieces: 2 }, timestamp: 2 }
const full = { customer: { name: 'Ada', city: 'Bath' }, title: 'Flour', total: 298 }

test('an order waits for its customer', () => {
  using driver = new TopologyTestDriver(orderEnrichment())
  driver.pipeInput('products', flour)
  driver.pipeInput('orders', order)
  expect(driver.readAll('full-orders')).toEqual([])
  driver.pipeInput('customers', ada)
  expect(driver.readAll('full-orders')).toMatchObject([{ key: 'o1', value: full }])
})

test('a customer who moves has the orders written anew', () => {
  using driver = new TopologyTestDriver(orderEnrichment())
  driver.pipeInput('products', flour)
  driver.pipeInput('customers', ada)
  driver.pipeInput('orders', order)
  driver.pipeInput('orders', { ...order, key: 'o2' })
  driver.readAll('full-orders')
  driver.pipeInput('customers', { key: 'c1', value: { name: 'Ada', city: 'York' }, timestamp: 3 })
  const moved = { ...full, customer: { name: 'Ada', city: 'York' } }
  expect(driver.readAll('full-orders')).toMatchObject([
    { key: 'o1', value: moved },
    { key: 'o2', value: moved },
  ])
})

test('a price that changes changes only later orders', () => {
  using driver = new TopologyTestDriver(orderEnrichment())
  driver.pipeInput('products', flour)
  driver.pipeInput('customers', ada)
  driver.pipeInput('orders', order)
  driver.pipeInput('products', { ...flour, value: { title: 'Flour', price: 200 } })
  driver.pipeInput('orders', { ...order, key: 'o2' })
  expect(driver.readAll('full-orders')).toMatchObject([
    { key: 'o1', value: { total: 298 } },
    { key: 'o2', value: { total: 400 } },
  ])
})

test('the example prints the newest row of each order', async () => {
  expect(await inTemporaryFolder(run)).toBe(`order  customer   product         total
───────────────────────────────────────
o1     Ada, York  Flour, 1 kg      2.98
o2     Bo, Lund   Bran, 500 g      3.56
o3     Ada, York  Semolina, 1 kg   5.97
`)
})
