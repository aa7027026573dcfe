/** What the types infer and what they refuse. `npm run typecheck` is the test; nothing here has to run but the last lines. */
import { map as stockMap, type OperatorFunction } from 'rxjs'
import { expect, expectTypeOf, test } from 'vitest'
import { int64, json, string, type Serde } from '@millrace/core'
import { filter, map } from '../rx/pure-operators.ts'
import { unchecked } from '../rx/value-operator.ts'
import { days, millis } from '../time/duration.ts'
import { windowed, type Windowed } from '../time/windowed.ts'
import { suppress } from '../time/suppression.ts'
import { hopping, session, sliding, tumbling } from '../time/windows.ts'
import type { GroupedStream } from './grouped-stream.ts'
import type { KStream, RekeyedStream } from './k-stream.ts'
import type { KTable } from './k-table.ts'
import { StreamsBuilder } from './streams-builder.ts'
import type { WindowTable } from './window-table.ts'

interface Flight {
  readonly origin: string
  readonly destination: string
  readonly delay: number
}
interface Airport {
  readonly name: string
}
interface Delays {
  readonly flights: number
}

type OrderId = string & { readonly brand: 'order' }
const orderId = string as unknown as Serde<OrderId>

const daily = tumbling({ size: days(1), grace: 'end-of-input' })
const noDelays = (): Delays => ({ flights: 0 })
const addFlight = ({ flights }: Delays, _flight: Flight): Delays => ({ flights: flights + 1 })
const byAirport = { store: 'daily', value: json<Delays>(), initial: noDelays, add: addFlight }

function start(): { readonly builder: StreamsBuilder; readonly flights: KStream<string, Flight> } {
  const builder = new StreamsBuilder()
  return { builder, flights: builder.stream('flights', { key: string, value: json<Flight>() }) }
}

test('the sample of the design infers all of its types', () => {
  const { builder, flights } = start()
  const airports = builder.globalTable('airports', { key: string, value: json<Airport>(), store: 'airports' })
  expectTypeOf(flights).toEqualTypeOf<KStream<string, Flight>>()

  const rows = flights.groupByKey().windowedBy(daily).aggregate(byAirport)
  expectTypeOf(rows).toEqualTypeOf<WindowTable<string, Delays>>()
  const final = rows.emitFinal()
  expectTypeOf(final).toEqualTypeOf<KStream<Windowed<string>, Delays>>()
  const joined = final.joinGlobal(airports, {
    on: (_delays, window) => window.key,
    join: (delays, { name }, window) => ({ airport: window.key, name, ...delays }),
  })
  expectTypeOf(joined).toEqualTypeOf<KStream<Windowed<string>, { flights: number; airport: string; name: string }>>()
  joined.to('out', { key: windowed(string, daily), value: json<{ airport: string; name: string; flights: number }>() })

  const counts = flights
    .pipe(map((flight) => flight.destination))
    .selectKey((destination) => destination)
    .repartition({ name: 'arrivals', key: string, value: string })
    .groupByKey()
    .count({ store: 'arrivals-by-airport' })
  expectTypeOf(counts).toEqualTypeOf<KTable<string, number>>()
  expectTypeOf(counts.toStream()).toEqualTypeOf<KStream<string, number | null>>()
  const known = counts.toStream().filter((count): count is number => count !== null)
  expectTypeOf(known).toEqualTypeOf<KStream<string, number>>()
  known.to('arrivals', { key: string, value: int64 })
})

test('callbacks know value, key and meta', () => {
  const { flights } = start()
  flights.filter((flight, key, meta) => {
    expectTypeOf(flight).toEqualTypeOf<Flight>()
    expectTypeOf(key).toEqualTypeOf<string>()
    expectTypeOf(meta.timestamp).toEqualTypeOf<number>()
    return true
  })
  const mapped = flights.map(({ delay }, key) => ({ key: delay, value: key }))
  expectTypeOf(mapped).toEqualTypeOf<RekeyedStream<number, string>>()
  expectTypeOf(mapped.filter((value) => value !== '')).toEqualTypeOf<RekeyedStream<number, string>>()
  expectTypeOf(flights.groupBy(({ delay }) => delay, { name: 'by-delay', key: int64, value: json<Flight>() })).toEqualTypeOf<
    GroupedStream<number, Flight>
  >()
  expectTypeOf(flights.merge(flights.mapValues(() => 1))).toEqualTypeOf<KStream<string, Flight | number>>()
  expectTypeOf(mapped.selectKey(() => 'a').merge(flights)).toEqualTypeOf<RekeyedStream<string, Flight | string>>()
})

test('chains of pure operators infer from value to value', () => {
  const { flights } = start()
  const late = flights.pipe(
    map(({ delay }) => delay),
    filter((delay) => delay > 15),
    map((delay) => `${delay} minutes`),
  )
  expectTypeOf(late).toEqualTypeOf<KStream<string, string>>()
  const own: OperatorFunction<Flight, number> = stockMap(({ delay }) => delay)
  expectTypeOf(flights.pipe(unchecked('delays', own))).toEqualTypeOf<KStream<string, number>>()
})

test('windows infer key and total, as records and as tables', () => {
  const { builder, flights } = start()
  const group = flights.groupByKey()
  const hops = hopping({ size: days(7), advance: days(1), grace: days(1) })
  expectTypeOf(group.windowedBy(hops).count({ store: 'hops' }).emitOnUpdate()).toEqualTypeOf<KTable<Windowed<string>, number>>()
  const sessions = session({ gap: millis(5), grace: millis(0) })
  const merge = (one: Delays, other: Delays): Delays => ({ flights: one.flights + other.flights })
  const table = group
    .windowedBy(sessions)
    .aggregate({ ...byAirport, merge })
    .emitOnUpdate()
  expectTypeOf(table).toEqualTypeOf<KTable<Windowed<string>, Delays>>()
  const once = table.suppress({ store: 'held', value: json<Delays>(), until: suppress.untilWindowCloses() })
  expectTypeOf(once).toEqualTypeOf<KTable<Windowed<string>, Delays>>()
  const orders = builder.stream('orders', { key: string, value: json<number>() }).groupByKey()
  const both = orders
    .cogroup((total: Delays, amount) => ({ flights: total.flights + amount }))
    .cogroup(group, (total, flight) => ({ flights: total.flights + flight.delay }))
  expectTypeOf(both.aggregate({ store: 'both', value: json<Delays>(), initial: noDelays })).toEqualTypeOf<
    KTable<string, Delays>
  >()
})

/** Never called: each line must be refused by the compiler. */
export function refused(): void {
  const { builder, flights } = start()
  const orders = builder.stream('orders', { key: orderId, value: json<number>() })
  const airports = builder.globalTable('airports', { key: string, value: json<Airport>(), store: 'airports' })
  const rekeyed = flights.selectKey(({ destination }) => destination)

  // @ts-expect-error a stock operator carries no mark
  flights.pipe(stockMap(({ delay }: Flight) => delay))
  // @ts-expect-error the index of RxJS is a hidden counter
  flights.pipe(map((flight: Flight, index: number) => index))
  const delays = map(({ delay }: Flight) => delay)
  const shouted = map((text: string) => text.toUpperCase())
  // @ts-expect-error the second operator gets a number
  flights.pipe(delays, shouted)

  // @ts-expect-error a changed key needs a repartition before groupByKey
  rekeyed.groupByKey()
  // @ts-expect-error a changed key needs a repartition before it stays with unchanged ones
  flights.merge(rekeyed)
  // @ts-expect-error streams of different keys do not merge
  orders.merge(flights)

  // @ts-expect-error the store has no name
  flights.groupByKey().count({})
  // @ts-expect-error the store has no name
  flights.groupByKey().windowedBy(daily).aggregate({ value: json<Delays>(), initial: noDelays, add: addFlight })
  // @ts-expect-error the repartition topic has no name
  rekeyed.repartition({ key: string, value: json<Flight>() })
  // @ts-expect-error the table has no store
  builder.globalTable('airports', { key: string, value: json<Airport>() })
  // @ts-expect-error tumbling windows need a grace (KIP-633)
  tumbling({ size: days(1) })
  // @ts-expect-error a bare number is no duration
  tumbling({ size: 86_400_000, grace: millis(0) })

  const sessions = session({ gap: millis(1), grace: millis(0) })
  // @ts-expect-error totals of sessions that meet have to be merged
  flights.groupByKey().windowedBy(sessions).aggregate(byAirport)
  // @ts-expect-error sliding windows have a difference
  sliding({ size: days(1), grace: millis(0) })
  const counts = flights.groupByKey().count({ store: 'counts' })
  // @ts-expect-error keys without windows cannot wait for one to close
  counts.suppress({ store: 'held', value: int64, until: suppress.untilWindowCloses() })
  // @ts-expect-error what is held back is stored: its store has a name
  counts.suppress({ value: int64, until: suppress.untilTimeLimit(millis(1)) })
  const cogrouped = flights.groupByKey().cogroup(addFlight)
  // @ts-expect-error groups of different keys make no total together
  cogrouped.cogroup(orders.groupByKey(), (total) => total)

  const ordered = builder.globalTable('ordered', { key: orderId, value: json<number>(), store: 'ordered' })
  // @ts-expect-error a table is joined by its own key: a branded key is not any text
  flights.joinGlobal(ordered, { on: (_flight, key) => key, join: () => 1 })
  flights.joinGlobal(ordered, { on: (_flight, key) => key as OrderId, join: (_flight, count) => count + 1 })
  // @ts-expect-error totals are of the type of their serde
  flights.groupByKey().aggregate({ ...byAirport, value: json<string>() })
  // @ts-expect-error the key is a window
  flights.groupByKey().windowedBy(daily).count({ store: 's' }).emitFinal().to('out', { key: string, value: int64 })
  // @ts-expect-error rows of windows are no stream before it is said when they are emitted
  expectTypeOf(flights.groupByKey().windowedBy(daily).count({ store: 's' }).to)
  // @ts-expect-error null is a deletion, and int64 does not write it
  flights.groupByKey().count({ store: 's' }).toStream().to('out', { key: string, value: int64 })
  // @ts-expect-error a repartition topic reads what it writes: the exact type
  rekeyed.repartition({ name: 'r', key: orderId, value: json<Flight>() })
  // @ts-expect-error callbacks are synchronous; promises are for mapAsync
  flights.filter(async () => true)
  flights.joinGlobal(airports, { on: (_flight, key) => key, join: (flight, airport) => ({ ...flight, ...airport }) })
}

test('the type tests are part of typecheck', () => {
  expect(refused).toBeTypeOf('function')
})
