import { string } from '@millrace/core'
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { TimedValues, timedValues, type TimedValue } from './timed-values.ts'

const time = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -(2 ** 45), max: 2 ** 45 }))
const timed = fc.record<TimedValue<string | null>>({
  time,
  span: fc.integer({ min: 0, max: 2 ** 40 }),
  stamp: time,
  value: fc.option(fc.string({ unit: 'binary' })),
})
const nullableString = string as never

type Command = { readonly add: TimedValue<string | null> } | { readonly remove: number } | { readonly replace: number }
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ add: timed }),
  fc.record({ remove: fc.nat(20) }),
  fc.record({ replace: fc.nat(20) }),
)

function plainly(list: readonly TimedValue<string | null>[], one: Command): TimedValue<string | null>[] {
  if ('add' in one) return [...list, one.add].toSorted((a, b) => a.time - b.time)
  if (list.length === 0) return [...list]
  if ('remove' in one) return list.filter((_, index) => index !== one.remove % list.length)
  return list.map((value, index) => (index === one.replace % list.length ? { ...value, value: 'other' } : value))
}

function really(list: TimedValues<string | null>, one: Command): TimedValues<string | null> {
  if ('add' in one) return list.with(one.add)
  if (list.size === 0) return list
  if ('remove' in one) return list.without(one.remove % list.size)
  const index = one.replace % list.size
  return list.replaced(index, { ...list.at(index), value: 'other' })
}

describe('values in the order of their times', () => {
  test.prop([fc.array(command, { maxLength: 40 })])('every list is what a plain one would be, and stays so', (commands) => {
    let plain: TimedValue<string | null>[] = []
    let real = TimedValues.of<string | null>()
    const before: (readonly [TimedValues<string | null>, readonly TimedValue<string | null>[]])[] = []
    for (const one of commands) {
      before.push([real, plain])
      plain = plainly(plain, one)
      real = really(real, one)
    }
    for (const [list, wanted] of [...before, [real, plain] as const]) expect(list.toArray()).toEqual(wanted)
  })

  test.prop([fc.array(timed, { maxLength: 20 }), time])('a place is found as by looking at all', (values, from) => {
    const list = TimedValues.of(values.toSorted((a, b) => a.time - b.time))
    const wanted = list.toArray().findIndex((one) => one.time >= from)
    expect(list.indexFrom(from)).toBe(wanted < 0 ? list.size : wanted)
  })

  test.prop([fc.array(timed, { maxLength: 20 })])('bytes give back what was written', (values) => {
    const serde = timedValues<string | null>(nullableString)
    const list = TimedValues.of(values.toSorted((a, b) => a.time - b.time))
    expect(serde.read(serde.write(list) as Uint8Array).toArray()).toEqual(
      list.toArray().map((one) => ({ ...one, value: one.value?.toWellFormed() ?? null })),
    )
  })

  test.prop([fc.array(timed, { minLength: 1, maxLength: 5 }), fc.nat(200)])(
    'bytes that end too early are refused',
    (values, cut) => {
      const serde = timedValues<string | null>(nullableString)
      const bytes = serde.write(TimedValues.of(values.toSorted((a, b) => a.time - b.time))) as Uint8Array
      expect(() => serde.read(bytes.subarray(0, Math.min(cut, bytes.length - 1)))).toThrow(RangeError)
    },
  )
})
