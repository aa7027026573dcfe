/** What the types of joins and durable operators infer and what they refuse; `npm run typecheck` is the test. */
import { debounceTime, map, toArray } from 'rxjs'
import { expect, expectTypeOf, test } from 'vitest'
import { int64, json, string, type Serde } from '@millrace/core'
import { millis, seconds } from '../time/duration.ts'
import type { Windowed } from '../time/windowed.ts'
import { tumbling } from '../time/windows.ts'
import type { KStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import { StreamsBuilder } from './streams-builder.ts'

interface Order {
  readonly item: string
  readonly amount: number
}
interface Payment {
  readonly cents: number
}

type OrderId = string & { readonly brand: 'order' }
const orderId = string as unknown as Serde<OrderId>

function start() {
  const builder = new StreamsBuilder()
  return {
    builder,
    orders: builder.stream('orders', { key: orderId, value: json<Order>() }),
    payments: builder.stream('payments', { key: orderId, value: json<Payment>() }),
    clicks: builder.stream('clicks', { key: string, value: string }),
  }
}

const within = seconds(10)
const grace = seconds(1)
const kept = { name: 'paid', within, grace, key: orderId, left: json<Order>(), right: json<Payment>() }
const store = 's'
const windows = tumbling({ size: seconds(1), grace: millis(0) })

test('joins infer what a side without a partner is', () => {
  const { orders, payments } = start()
  const inner = orders.joinStream(payments, {
    ...kept,
    join: (order, payment, key) => {
      expectTypeOf(order).toEqualTypeOf<Order>()
      expectTypeOf(payment).toEqualTypeOf<Payment>()
      expectTypeOf(key).toEqualTypeOf<OrderId>()
      return { ...order, ...payment }
    },
  })
  expectTypeOf(inner).toEqualTypeOf<KStream<OrderId, { cents: number; item: string; amount: number }>>()
  const left = orders.leftJoinStream(payments, {
    ...kept,
    name: 'left',
    join: (order, payment) => {
      expectTypeOf(order).toEqualTypeOf<Order>()
      expectTypeOf(payment).toEqualTypeOf<Payment | null>()
      return payment?.cents ?? order.amount
    },
  })
  expectTypeOf(left).toEqualTypeOf<KStream<OrderId, number>>()
  orders.outerJoinStream(payments, {
    ...kept,
    name: 'outer',
    within: { before: within, after: grace },
    join: (order, payment) => {
      expectTypeOf(order).toEqualTypeOf<Order | null>()
      expectTypeOf(payment).toEqualTypeOf<Payment | null>()
      return 1
    },
  })
})

test('durable operators infer key and value', () => {
  const { orders } = start()
  const value = json<Order>()
  const totals = orders.scan({ store, value: int64, initial: () => 0, add: (sum, { amount }) => sum + amount })
  expectTypeOf(totals).toEqualTypeOf<KStream<OrderId, number>>()
  expectTypeOf(orders.pairwise({ store: 'p', value })).toEqualTypeOf<KStream<OrderId, readonly [Order, Order]>>()
  expectTypeOf(orders.bufferCount({ store: 'b', value, count: 2 })).toEqualTypeOf<KStream<OrderId, readonly Order[]>>()
  expectTypeOf(orders.distinct({ store: 'd', by: ({ item }) => item, value: string })).toEqualTypeOf<KStream<OrderId, Order>>()
  expectTypeOf(orders.deduplicate({ store: 'e', within, by: ({ item }) => item, value: string })).toEqualTypeOf<
    KStream<OrderId, Order>
  >()
  const watched = orders.timeout({ store: 't', value, time: within, with: (last, key) => `${last.item} of ${key}` })
  expectTypeOf(watched).toEqualTypeOf<KStream<OrderId, Order | string>>()
  const best = orders.groupByKey().topN({ store: 'n', n: 3, value, compare: (a, b) => b.amount - a.amount })
  expectTypeOf(best).toEqualTypeOf<KTable<OrderId, readonly Order[]>>()
})

test('a pipeline over windows infers from value to value', () => {
  const { orders } = start()
  const bursts = orders.windowed(windows, { store, value: json<Order>() }, (records, { scheduler, key }) => {
    expectTypeOf(key).toEqualTypeOf<OrderId>()
    return records.pipe(
      debounceTime(100, scheduler),
      map(({ amount }) => amount),
      toArray(),
    )
  })
  expectTypeOf(bursts).toEqualTypeOf<KStream<Windowed<OrderId>, number[]>>()
})

/** Never called: each line must be refused by the compiler. */
export function refused(): void {
  const { orders, payments, clicks } = start()
  const join = (): number => 1
  const rekeyed = orders.selectKey(({ item }) => item)
  // @ts-expect-error streams of different keys do not join
  orders.joinStream(clicks, { ...kept, right: string, join })
  // @ts-expect-error a changed key needs a repartition before it is joined
  rekeyed.joinStream(clicks, { ...kept, key: string, right: string, join })
  // @ts-expect-error nor on the other side
  clicks.joinStream(rekeyed, { ...kept, key: string, left: string, right: json<Order>(), join })
  const { name: _name, ...nameless } = kept
  // @ts-expect-error the join has no name
  orders.joinStream(payments, { ...nameless, join })
  const { grace: _grace, ...graceless } = kept
  // @ts-expect-error a join needs a grace (KIP-633)
  orders.joinStream(payments, { ...graceless, join })
  // @ts-expect-error a bare number is no duration
  orders.joinStream(payments, { ...kept, within: 10_000, join })
  // @ts-expect-error the serde of the right side is another one's
  orders.joinStream(payments, { ...kept, right: json<Order>(), join })
  // @ts-expect-error the key's serde is not that of the key
  orders.joinStream(payments, { ...kept, key: string, join })
  // @ts-expect-error a left join's right side may be null
  orders.leftJoinStream(payments, { ...kept, join: (order, payment) => order.amount + payment.cents })
  // @ts-expect-error both sides of an outer join may be null
  orders.outerJoinStream(payments, { ...kept, join: (order) => order.amount })

  // @ts-expect-error the operator has no store
  orders.take({ count: 1 })
  // @ts-expect-error RxJS's own signature
  orders.take(1)
  // @ts-expect-error totals are of the type of their serde
  orders.scan({ store, value: string, initial: () => 0, add: (sum: number) => sum })
  // @ts-expect-error what is kept is written by the serde of the values
  orders.delay({ store, value: string, time: within })
  // @ts-expect-error a bare number is no duration
  orders.throttleTime({ store, time: 100 })
  // @ts-expect-error what is compared is written by the serde
  orders.distinct({ store, by: ({ amount }) => amount, value: string })
  // @ts-expect-error a changed key needs a repartition before state is kept for it
  rekeyed.scan({ store, value: int64, initial: () => 0, add: (sum: number) => sum })
  // @ts-expect-error the compared values are those of the stream
  orders.groupByKey().topN({ store, n: 3, value: string, compare: (a: string, b: string) => a.localeCompare(b) })
  // @ts-expect-error the records are orders
  orders.windowed(windows, { store, value: json<Order>() }, (records) => records.pipe(map((text: string) => text)))
}

test('the type tests are part of typecheck', () => {
  expect(refused).toBeTypeOf('function')
})
