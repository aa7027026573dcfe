/** What the operators on single records infer and refuse. `npm run typecheck` is the test. */
import { expect, expectTypeOf, test } from 'vitest'
import { json, string } from '@millrace/core'
import type { KStream, RekeyedStream } from './k-stream.ts'
import { otherwise } from './split.ts'
import { StreamsBuilder } from './streams-builder.ts'

interface Paid {
  readonly kind: 'paid'
  readonly amount: number
}
interface Refunded {
  readonly kind: 'refunded'
}
interface Failed {
  readonly kind: 'failed'
  readonly reason: string
}
type Payment = Paid | Refunded | Failed

const isPaid = (payment: Payment): payment is Paid => payment.kind === 'paid'

function payments(): KStream<string, Payment> {
  return new StreamsBuilder().stream('payments', { key: string, value: json<Payment>() })
}

test('branches have the types of their guards, and otherwise what they leave', () => {
  const { paid, failed, rest } = payments().split({
    paid: isPaid,
    failed: (payment) => payment.kind === 'failed',
    rest: otherwise,
  })
  expectTypeOf(paid).toEqualTypeOf<KStream<string, Paid>>()
  expectTypeOf(failed).toEqualTypeOf<KStream<string, Failed>>()
  expectTypeOf(rest).toEqualTypeOf<KStream<string, Refunded>>()
})

test('a predicate that is no guard keeps the type', () => {
  const branches = payments().split({
    late: (payment, key, { timestamp }) => {
      expectTypeOf(payment).toEqualTypeOf<Payment>()
      expectTypeOf(key).toEqualTypeOf<string>()
      return timestamp > 5
    },
    rest: otherwise,
  })
  expectTypeOf(branches.late).toEqualTypeOf<KStream<string, Payment>>()
  expectTypeOf(branches.rest).toEqualTypeOf<KStream<string, Payment>>()
})

test('what keeps the key gives a stream of its kind', () => {
  expectTypeOf(payments().filterNot(isPaid)).toEqualTypeOf<KStream<string, Refunded | Failed>>()
  expectTypeOf(payments().filterNot(() => true)).toEqualTypeOf<KStream<string, Payment>>()
  expectTypeOf(payments().flatMapValues(({ kind }) => [kind])).toEqualTypeOf<KStream<string, Payment['kind']>>()
  expectTypeOf(payments().peek(() => {})).toEqualTypeOf<KStream<string, Payment>>()
  const rekeyed = payments().flatMap(({ kind }, key) => [{ key: kind, value: key }])
  expectTypeOf(rekeyed).toEqualTypeOf<RekeyedStream<Payment['kind'], string>>()
  expectTypeOf(rekeyed.flatMapValues(() => new Set([1]))).toEqualTypeOf<RekeyedStream<Payment['kind'], number>>()
  expectTypeOf(rekeyed.withHeaders(() => []).withTimestamp(() => 1)).toEqualTypeOf<RekeyedStream<Payment['kind'], string>>()
  expectTypeOf(rekeyed.split({ all: otherwise }).all).toEqualTypeOf<RekeyedStream<Payment['kind'], string>>()
})

/** Never called: each line must be refused by the compiler. */
export function refused(): void {
  const { paid } = payments().split({ paid: isPaid })
  // @ts-expect-error there is no such branch
  expectTypeOf(payments().split({ paid: isPaid }).other)
  // @ts-expect-error a branch is a predicate or otherwise
  payments().split({ paid: true })
  // @ts-expect-error predicates are synchronous
  payments().split({ paid: async () => true })
  // @ts-expect-error the branch has no reason
  paid.mapValues(({ reason }) => reason as string)
  // @ts-expect-error a number is no list
  payments().flatMapValues(() => 1)
  // @ts-expect-error values without keys are for flatMapValues
  payments().flatMap(() => [1])
  const rekeyed = payments().flatMap(() => [{ key: 'a', value: 1 }])
  // @ts-expect-error a changed key needs a repartition before groupByKey
  rekeyed.groupByKey()
  const ended = payments().forEach(() => {})
  // @ts-expect-error nothing stands behind forEach
  ended.peek(() => {})
  // @ts-expect-error print needs somewhere to write
  payments().print({ label: 'x' })
  // @ts-expect-error topics are chosen by their names
  payments().to(({ kind }) => kind.length, { key: string, value: json<Payment>() })
  // @ts-expect-error a topic that is known leaves no choice
  payments().to('out', { key: string, value: json<Payment>(), topics: ['out'] })
  // @ts-expect-error partitions are numbers
  payments().to('out', { key: string, value: json<Payment>(), partition: () => 'first' })
  const serdes = { key: string, value: json<Payment>() }
  // @ts-expect-error a source begins at one of two ends
  new StreamsBuilder().stream('in', { ...serdes, reset: 'none' })
  // @ts-expect-error a time is a number
  new StreamsBuilder().stream(/in/, { ...serdes, timestamp: (payment) => payment.kind })
  // @ts-expect-error headers are pairs
  payments().withHeaders(() => ['h'])
}

test('the type tests are part of typecheck', () => {
  expect(refused).toBeTypeOf('function')
})
