/** What `mapAsync` infers, and what it refuses: by its types, and by its checks. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { json, nullable, string, type Serde } from '@millrace/core'
import type { AsyncCall } from '../graph/callbacks.ts'
import type { KStream } from './k-stream.ts'
import { StreamsBuilder } from './streams-builder.ts'

interface Payment {
  readonly amount: number
}
interface Risk {
  readonly risk: number
}

type OrderId = string & { readonly brand: 'order' }
const orderId = string as unknown as Serde<OrderId>

const options = { name: 'calls', key: string, value: json<Payment>(), concurrency: 4 }
const riskOf = async ({ amount }: Payment): Promise<Risk> => ({ risk: amount })

function payments(): KStream<string, Payment> {
  return new StreamsBuilder().stream('payments', { key: string, value: json<Payment>() })
}

describe('types', () => {
  test('the result has the type of the promise, null too, and the key stays', () => {
    expectTypeOf(payments().mapAsync(riskOf, options)).toEqualTypeOf<KStream<string, Risk>>()
    expectTypeOf(payments().mapAsync(async () => null, options)).toEqualTypeOf<KStream<string, null>>()
    const called = payments().mapAsync(async (payment, key, call) => {
      expectTypeOf(payment).toEqualTypeOf<Payment>()
      expectTypeOf(key).toEqualTypeOf<string>()
      expectTypeOf(call).toEqualTypeOf<AsyncCall>()
      return payment.amount > 0 ? { risk: 1 } : null
    }, options)
    expectTypeOf(called).toEqualTypeOf<KStream<string, { risk: number } | null>>()
  })

  test('a list of results is a record for each', () => {
    const lists = payments().flatMapAsync(async ({ amount }) => [{ risk: amount }], options)
    expectTypeOf(lists).toEqualTypeOf<KStream<string, { risk: number }>>()
    expectTypeOf(payments().flatMapAsync(async () => new Set([1, null]), options)).toEqualTypeOf<KStream<string, number | null>>()
    // @ts-expect-error not a list
    payments().flatMapAsync(riskOf, options)
    // @ts-expect-error not a promise
    payments().flatMapAsync(() => [1], options)
  })

  test('the serdes are those of the input', () => {
    // @ts-expect-error the key is a string of any kind
    payments().mapAsync(riskOf, { ...options, key: orderId })
    // @ts-expect-error the input is a payment
    payments().mapAsync(riskOf, { ...options, value: json<Risk>() })
    const maybe = new StreamsBuilder().stream('payments', { key: string, value: nullable(json<Payment>()) })
    // @ts-expect-error the input may be null
    maybe.mapAsync(riskOf, { ...options, value: nullable(json<Payment>()) })
    expect(maybe.mapAsync(async (value) => value, { ...options, name: 'others', value: nullable(json<Payment>()) })).toBeDefined()
  })

  test('the call gives a promise, and a changed key has no calls', () => {
    // @ts-expect-error not a promise
    payments().mapAsync(() => 1, options)
    // @ts-expect-error a name, and how many at a time
    expect(() => payments().mapAsync(riskOf, { key: string, value: json<Payment>() })).toThrow('TOPOLOGY_NAME_MISSING')
    const rekeyed = payments().selectKey(({ amount }) => `${amount}`)
    // @ts-expect-error repartition before
    expect(() => rekeyed.mapAsync(riskOf, options)).toThrow(/TOPOLOGY_INVALID.*repartition/s)
  })
})

describe('refusals', () => {
  test.each([
    [{ name: undefined }, 'TOPOLOGY_NAME_MISSING'],
    [{ name: 'a b' }, 'TOPOLOGY_NAME_INVALID'],
    [{ key: undefined }, 'mapAsync, key'],
    [{ value: { write: string.write } }, 'mapAsync, value'],
    [{ concurrency: 0 }, 'mapAsync, concurrency'],
    [{ concurrency: 1.5 }, 'mapAsync, concurrency'],
    [{ concurrency: undefined }, 'mapAsync, concurrency'],
    [{ order: 'partition' }, 'mapAsync, order'],
    [{ timeoutMs: 0 }, 'mapAsync, timeoutMs'],
    [{ timeoutMs: Infinity }, 'mapAsync, timeoutMs'],
    [{ timeoutMs: 2 ** 31 }, 'mapAsync, timeoutMs'],
    [{ retry: 3 }, 'mapAsync, retry'],
    [{ retry: { times: -1, backoffMs: 1 } }, 'mapAsync, retry.times'],
    [{ retry: { times: 1 } }, 'mapAsync, retry.backoffMs'],
    [{ retry: { times: 1, backoffMs: 1, factor: 0.5 } }, 'mapAsync, retry.factor'],
    [{ retry: { times: 1, backoffMs: 1, factor: Number.NaN } }, 'mapAsync, retry.factor'],
    [{ retry: { times: 1, backoffMs: 1, jitter: 1 } }, 'jitter'],
    [{ onFailure: 'retry' }, 'mapAsync, onFailure'],
    [{ timeout: 5 }, 'unknown option'],
  ])('%j is refused', (given, message) => {
    expect(() => payments().mapAsync(riskOf, { ...options, ...given } as never)).toThrow(message)
  })

  test('of what is no function, of missing options, and of a name that is taken', () => {
    const stream = payments()
    expect(() => stream.mapAsync('call' as never, options)).toThrow('INVALID_STREAM_OPTION')
    expect(() => stream.mapAsync(riskOf, undefined as never)).toThrow('INVALID_STREAM_OPTION')
    stream.mapAsync(riskOf, options)
    expect(() => stream.mapAsync(riskOf, options)).toThrow('TOPOLOGY_NAME_TAKEN')
  })

  test('of flatMapAsync say so', () => {
    for (const given of [{ concurrency: 0 }, { order: 'partition' }, { retry: 3 }, { key: 1 }]) {
      expect(() => payments().flatMapAsync(async () => [], { ...options, ...given } as never)).toThrow('flatMapAsync, ')
    }
  })

  test('describe() shows its store', () => {
    const builder = new StreamsBuilder()
    const stream = builder.stream('payments', { key: string, value: json<Payment>() })
    stream.mapAsync(riskOf, options).to('out', { key: string, value: json<Risk>() })
    expect(builder.build().describe()).toContain('Processor: map-async-1 (stores: [calls])')
  })
})
