import type { Given } from '../../running/fill-topic.ts'
import type { Customer, Order, Product } from './topology.ts'

const start = Date.UTC(2026, 0, 1)

export const productsIn: readonly Given<string, Product>[] = [
  at(0, 'flour', { title: 'Flour, 1 kg', price: 149 }),
  at(0, 'bran', { title: 'Bran, 500 g', price: 89 }),
  at(0, 'semolina', { title: 'Semolina, 1 kg', price: 199 }),
]

/** Ada moves when she has ordered. */
export const customersIn: readonly Given<string, Customer>[] = [
  at(1, 'c1', { name: 'Ada', city: 'Bath' }),
  at(2, 'c2', { name: 'Bo', city: 'Lund' }),
  at(7, 'c1', { name: 'Ada', city: 'York' }),
]

/** The customer of the last one is not known. */
export const ordersIn: readonly Given<string, Order>[] = [
  at(3, 'o1', { customer: 'c1', product: 'flour', pieces: 2 }),
  at(4, 'o2', { customer: 'c2', product: 'bran', pieces: 1 }),
  at(5, 'o3', { customer: 'c1', product: 'semolina', pieces: 3 }),
  at(6, 'o2', { customer: 'c2', product: 'bran', pieces: 4 }),
  at(8, 'o4', { customer: 'c3', product: 'flour', pieces: 1 }),
]

function at<V>(hour: number, key: string, value: V): Given<string, V> {
  return { key, value, timestamp: start + hour * 3_600_000 }
}
