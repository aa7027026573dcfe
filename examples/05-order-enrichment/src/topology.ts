import { json, string } from '@millrace/core'
import { StreamsBuilder, type Topology, type TopicSerdes } from '@millrace/streams'

/** Names the application in the log and its folder under the state directory. */
export const applicationId = 'order-enrichment'

/** The key is the number of the order. */
export interface Order {
  readonly customer: string
  readonly product: string
  readonly pieces: number
}

export interface Customer {
  readonly name: string
  readonly city: string
}

export interface Product {
  readonly title: string
  /** Cents. */
  readonly price: number
}

/** An order with what it refers to. */
export interface FullOrder {
  readonly customer: Customer
  readonly title: string
  /** Cents. */
  readonly total: number
}

interface OrderOfCustomer extends Order {
  readonly who: Customer
}

export const orders: TopicSerdes<string, Order> = { key: string, value: json<Order>() }
export const customers: TopicSerdes<string, Customer> = { key: string, value: json<Customer>() }
export const products: TopicSerdes<string, Product> = { key: string, value: json<Product>() }
export const fullOrders: TopicSerdes<string, FullOrder> = { key: string, value: json<FullOrder>() }

export function orderEnrichment(): Topology {
  const builder = new StreamsBuilder()
  const catalogue = builder.globalTable('products', { ...products, store: 'products' })
  const known = builder.table('customers', { ...customers, store: 'customers' })

  builder
    .table('orders', { ...orders, store: 'orders' })
    // An order has a new row when the order changes, and when its customer does: both are tables.
    .joinForeign(known, {
      name: 'orders-of-customers',
      on: ({ customer }) => customer,
      join: (order, who): OrderOfCustomer => ({ ...order, who }),
    })
    .toStream()
    .filter((order): order is OrderOfCustomer => order !== null) // orders are not deleted here
    // The product is looked up as it is now: a price that changes later changes no order.
    .joinGlobal(catalogue, {
      on: ({ product }) => product,
      join: ({ who, pieces }, { title, price }): FullOrder => ({ customer: who, title, total: pieces * price }),
    })
    .to('full-orders', fullOrders)
  return builder.build()
}
