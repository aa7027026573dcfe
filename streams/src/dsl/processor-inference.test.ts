/** What the processor API infers and refuses. `npm run typecheck` is the test. */
import { expect, expectTypeOf, test } from 'vitest'
import { int64, json, string, type Serde } from '@millrace/core'
import type { FixedKeyRecord, ProcessorContext, StreamRecord } from '../graph/processor.ts'
import type { KeyValueStore, WindowStore } from '../graph/stores.ts'
import { minutes, seconds } from '../time/duration.ts'
import type { KStream, RekeyedStream } from './k-stream.ts'
import { keyValueStore, windowStore } from './processors.ts'
import { StreamsBuilder } from './streams-builder.ts'

interface Payment {
  readonly amount: number
}
type UserId = string & { readonly brand: 'user' }
const userId = string as unknown as Serde<UserId>

const totals = keyValueStore({ name: 'totals', key: userId, value: int64 })
const recent = windowStore({ name: 'recent', key: userId, value: json<Payment>(), retention: minutes(5) })
const other = keyValueStore({ name: 'other', key: string, value: string })

const input = (): KStream<UserId, Payment> => new StreamsBuilder().stream('in', { key: userId, value: json<Payment>() })

test('what a processor forwards is said at its context', () => {
  const out = input().process({
    name: 'p',
    open: (context: ProcessorContext<string, number>) => ({
      process(record) {
        expectTypeOf(record).toEqualTypeOf<StreamRecord<UserId, Payment>>()
        context.forward({ key: record.key, value: record.value.amount })
      },
    }),
  })
  expectTypeOf(out).toEqualTypeOf<RekeyedStream<string, number>>()
  const same = input().process({ name: 'p', open: (context) => ({ process: (record) => context.forward(record) }) })
  expectTypeOf(same).toEqualTypeOf<RekeyedStream<UserId, Payment>>()
  const given = input().process<string, boolean>({ name: 'p', open: () => ({ process: () => {} }) })
  expectTypeOf(given).toEqualTypeOf<RekeyedStream<string, boolean>>()
})

test('stores have the types of their declarations, by declaration and by name', () => {
  input().process({
    name: 'p',
    stores: [totals, recent],
    open: (context) => {
      expectTypeOf(context.store(totals)).toEqualTypeOf<KeyValueStore<UserId, number>>()
      expectTypeOf(context.store('totals')).toEqualTypeOf<KeyValueStore<UserId, number>>()
      expectTypeOf(context.store('recent')).toEqualTypeOf<WindowStore<UserId, Payment>>()
      return { process: () => {} }
    },
  })
  input().process({
    name: 'p',
    stores: [totals],
    open: (context: ProcessorContext<string, number, typeof totals>) => {
      expectTypeOf(context.store('totals')).toEqualTypeOf<KeyValueStore<UserId, number>>()
      return { process: () => {} }
    },
  })
})

test('processValues keeps the key and the kind of stream', () => {
  const doubled = input().processValues<number>({
    name: 'p',
    open: (context) => ({
      process(record) {
        expectTypeOf(record).toEqualTypeOf<FixedKeyRecord<UserId, Payment>>()
        context.forward(record.withValue(record.value.amount))
      },
    }),
  })
  expectTypeOf(doubled).toEqualTypeOf<KStream<UserId, number>>()
  const rekeyed = input().selectKey(({ amount }) => amount)
  expectTypeOf(
    rekeyed.processValues({ name: 'p', open: (context) => ({ process: (record) => context.forward(record) }) }),
  ).toEqualTypeOf<RekeyedStream<number, Payment>>()
})

/** Never called: each line must be refused by the compiler. */
export function refused(): void {
  // @ts-expect-error a processor has a name
  input().process({ open: () => ({ process: () => {} }) })
  // @ts-expect-error open gives a processor
  input().process({ name: 'p', open: () => ({}) })
  input().process({
    name: 'p',
    stores: [totals],
    open: (context) => {
      // @ts-expect-error the store is not among the stores
      context.store(other)
      // @ts-expect-error nor is one of this name
      context.store('other')
      // @ts-expect-error its keys are no plain text
      context.store(totals).put('a', 1)
      // @ts-expect-error nor its values text
      context.store(totals).put('a' as UserId, 'b')
      // @ts-expect-error a bare number is no duration
      context.schedule(1000, 'wall-clock', () => {})
      // @ts-expect-error there are two types of time
      context.schedule(seconds(1), 'event-time', () => {})
      return {
        process(record) {
          // @ts-expect-error it forwards payments by user
          context.forward({ key: record.key, value: 5 })
          // @ts-expect-error a record has a key
          context.forward({ value: record.value })
          // @ts-expect-error records are immutable
          record.timestamp = 5
        },
      }
    },
  })
  input().processValues({
    name: 'p',
    open: (context) => ({
      process(record) {
        // @ts-expect-error a record of its own has any key
        context.forward({ key: record.key, value: record.value, timestamp: 0, headers: [] })
      },
    }),
  })
  const keyed = input().process({ name: 'p', open: (context) => ({ process: (record) => context.forward(record) }) })
  // @ts-expect-error a processor may have changed the key
  keyed.groupByKey()
  // @ts-expect-error a store has serdes
  keyValueStore({ name: 'x', key: string })
  // @ts-expect-error a window store has a retention
  windowStore({ name: 'x', key: string, value: string })
}

test('the type tests are part of typecheck', () => {
  expect(refused).toBeTypeOf('function')
})
