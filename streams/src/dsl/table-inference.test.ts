/** What the types of tables infer and what they refuse. `npm run typecheck` is the test. */
import { expect, expectTypeOf, test } from 'vitest'
import { json, string, type Serde } from '@millrace/core'
import { hours, millis } from '../time/duration.ts'
import { tumbling } from '../time/windows.ts'
import type { GroupedTable } from './grouped-table.ts'
import type { KStream } from './k-stream.ts'
import type { KTable, VersionedTable } from './k-table.ts'
import { StreamsBuilder } from './streams-builder.ts'

interface Order {
  readonly customer: CustomerId
  readonly amount: number
}
interface Customer {
  readonly name: string
}

type OrderId = string & { readonly brand: 'order' }
type CustomerId = string & { readonly brand: 'customer' }
const orderId = string as unknown as Serde<OrderId>
const customerId = string as unknown as Serde<CustomerId>

function start() {
  const builder = new StreamsBuilder()
  const orders = builder.table('orders', { key: orderId, value: json<Order>(), store: 'orders' })
  const customers = builder.table('customers', { key: customerId, value: json<Customer>(), store: 'customers' })
  const payments = builder.stream('payments', { key: orderId, value: json<number>() })
  return { builder, orders, customers, payments }
}

test('tables infer their types', () => {
  const { builder, orders, customers, payments } = start()
  expectTypeOf(orders).toEqualTypeOf<KTable<OrderId, Order>>()
  expectTypeOf(orders.toStream()).toEqualTypeOf<KStream<OrderId, Order | null>>()
  expectTypeOf(orders.filter(({ amount }) => amount > 1)).toEqualTypeOf<KTable<OrderId, Order>>()
  expectTypeOf(orders.mapValues(({ amount }) => (amount > 1 ? amount : null))).toEqualTypeOf<KTable<OrderId, number>>()

  const joined = orders.joinForeign(customers, {
    name: 'customer-of-order',
    on: ({ customer }) => customer,
    join: ({ amount }, { name }) => ({ amount, name }),
  })
  expectTypeOf(joined).toEqualTypeOf<KTable<OrderId, { amount: number; name: string }>>()
  const outer = orders.leftJoinForeign(customers, {
    name: 'any-customer',
    on: ({ customer }) => customer,
    join: (_order, customer) => customer?.name ?? 'nobody',
  })
  expectTypeOf(outer).toEqualTypeOf<KTable<OrderId, string>>()

  const groups = orders.groupBy(({ customer, amount }) => ({ key: customer, value: amount }), {
    name: 'by-customer',
    key: customerId,
    value: json<number>(),
  })
  expectTypeOf(groups).toEqualTypeOf<GroupedTable<CustomerId, number>>()
  const totals = groups.reduce({ store: 'totals', value: json<number>(), add: (a, b) => a + b, subtract: (a, b) => a - b })
  expectTypeOf(totals).toEqualTypeOf<KTable<CustomerId, number>>()
  const list = groups.topN({ store: 'list', n: 3, value: json<number>(), compare: (a, b) => b - a })
  expectTypeOf(list).toEqualTypeOf<KTable<CustomerId, readonly number[]>>()
  expectTypeOf(groups.count({ store: 'n', emitEvery: 'commit' })).toEqualTypeOf<KTable<CustomerId, number>>()
  expectTypeOf(totals.leftJoin(customers, (total, customer) => [total, customer?.name] as const)).toEqualTypeOf<
    KTable<CustomerId, readonly [number, string | undefined]>
  >()
  expectTypeOf(totals.outerJoin(customers, (total, customer) => `${total ?? 0} ${customer?.name ?? ''}`)).toEqualTypeOf<
    KTable<CustomerId, string>
  >()

  expectTypeOf(payments.join(orders, (paid, { amount }) => amount - paid)).toEqualTypeOf<KStream<OrderId, number>>()
  expectTypeOf(payments.leftJoin(orders, (_paid, order) => order)).toEqualTypeOf<KStream<OrderId, Order | null>>()
  expectTypeOf(payments.withLatestFrom(orders)).toEqualTypeOf<KStream<OrderId, readonly [number, Order]>>()
  expectTypeOf(payments.withLatestFrom(orders, (paid, { amount }, key) => `${key}${paid}${amount}`)).toEqualTypeOf<
    KStream<OrderId, string>
  >()
  const versions = builder.table('prices', {
    key: orderId,
    value: json<number>(),
    store: 'prices',
    versioned: { historyRetention: hours(1) },
  })
  expectTypeOf(versions).toEqualTypeOf<VersionedTable<OrderId, number>>()
  const later = { grace: millis(1), store: 'waiting', value: json<number>() }
  expectTypeOf(payments.join(versions, (paid, price) => paid * price, later)).toEqualTypeOf<KStream<OrderId, number>>()
  expectTypeOf(orders.toStream().toTable({ store: 'copy', value: json<Order>() })).toEqualTypeOf<KTable<OrderId, Order>>()
})

/** Never called: each line must be refused by the compiler. */
export function refused(): void {
  const { builder, orders, customers, payments } = start()
  const pair = (a: unknown, b: unknown): unknown => [a, b]

  // @ts-expect-error tables of different keys do not join
  orders.join(customers, pair)
  // @ts-expect-error tables of different keys do not join
  orders.outerJoin(customers, pair)
  // @ts-expect-error a stream joins a table of its own key
  payments.join(customers, pair)
  // @ts-expect-error a stream looks into a table of its own key
  payments.withLatestFrom(customers)
  // @ts-expect-error a changed key needs a repartition before
  payments.selectKey((value) => String(value)).withLatestFrom(customers)
  // @ts-expect-error the foreign key is that of the other table
  orders.joinForeign(customers, { name: 'fk', on: ({ amount }) => amount, join: pair })
  // @ts-expect-error the join has no name
  orders.joinForeign(customers, { on: ({ customer }: Order) => customer, join: pair })
  // @ts-expect-error the other side of a left join may be missing
  orders.leftJoin(orders, (_a, b) => b.amount)
  // @ts-expect-error the table has no store
  builder.table('t', { key: orderId, value: json<Order>() })
  builder.table('t', {
    key: orderId,
    value: json<Order>(),
    store: 't',
    // @ts-expect-error a versioned table emits every update
    versioned: { historyRetention: hours(1) },
    emitEvery: 'commit',
  })
  // @ts-expect-error without a store there is nothing to emit late
  orders.mapValues(({ amount }) => amount, { emitEvery: 'commit' })
  const windows = tumbling({ size: millis(1), grace: millis(0) })
  // @ts-expect-error final rows are emitted once
  payments.groupByKey().windowedBy(windows).count({ store: 's', emitEvery: 'commit' })
  // @ts-expect-error what is kept is what the operator makes
  orders.mapValues(({ amount }) => amount, { store: 's', value: json<string>() })
  const groups = orders.groupBy(({ amount }, key) => ({ key, value: amount }), { name: 'g', key: orderId, value: json<number>() })
  // @ts-expect-error rows are told apart by the keys of their table
  groups.topN({ store: 's', n: 3, value: json<number>(), compare: (a: number, b: number) => b - a, by: String })
  // @ts-expect-error rows leave groups, so a total must be able to lose them
  groups.reduce({ store: 's', value: json<number>(), add: (a: number, b: number) => a + b })
  // @ts-expect-error the topic reads what the selector gives: the exact type
  orders.groupBy(({ amount }, key) => ({ key, value: amount }), { name: 'g', key: customerId, value: json<number>() })
  // @ts-expect-error grace needs older versions of the rows
  payments.join(orders, pair, { grace: millis(1), store: 'w', value: json<number>() })
  // @ts-expect-error a changed key needs a repartition before it is a table
  payments.selectKey(() => 'x').toTable({ store: 's', value: json<number>() })
  // @ts-expect-error a changed key needs a repartition before a join
  payments.map((value, key) => ({ key, value })).join(orders, pair)
}

test('the type tests are part of typecheck', () => {
  expect(refused).toBeTypeOf('function')
})
