import { string } from '@millrace/core'
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { MemoryWindowStore } from '../testing/memory-stores.ts'
import type { TimedValue, TimedValues } from '../time/timed-values.ts'
import { TimeRows } from './time-rows.ts'

interface Held extends TimedValue<string> {
  readonly key: string
}

const key = fc.constantFrom('a', 'b')
const time = fc.integer({ min: 0, max: 60 })
type Command =
  | { readonly kind: 'add' | 'put'; readonly key: string; readonly time: number; readonly value: string }
  | { readonly kind: 'remove'; readonly key: string; readonly time: number }
  | { readonly kind: 'expire'; readonly time: number }
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add' as const, 'put' as const), key, time, value: fc.string({ maxLength: 2 }) }),
  fc.record({ kind: fc.constant('remove' as const), key, time }),
  fc.record({ kind: fc.constant('expire' as const), time }),
)

test.prop([fc.array(command, { maxLength: 60 }), fc.integer({ min: 1, max: 20 })])(
  'rows by time hold what a plain list would, and expire by whole stretches',
  (commands, width) => {
    const rows = new TimeRows(new MemoryWindowStore<string, TimedValues<string>>('rows', string), width)
    let plain: Held[] = []
    for (const one of commands) {
      if (one.kind === 'expire') {
        rows.expire(one.time, 0)
        plain = plain.filter((held) => Math.floor(held.time / width) * width + width > one.time)
      } else if (one.kind === 'remove') {
        const found = rows.at(one.key, one.time)
        const at = plain.findIndex((held) => held.key === one.key && held.time === one.time)
        expect(found?.value).toBe(plain[at]?.value)
        rows.removeAt(one.key, one.time, 0)
        if (at >= 0) plain.splice(at, 1)
      } else {
        const value = { time: one.time, span: 0, stamp: one.time, value: one.value }
        const at = one.kind === 'put' ? plain.findIndex((held) => held.key === one.key && held.time === one.time) : -1
        if (at >= 0) plain[at] = { key: one.key, ...value }
        else plain.push({ key: one.key, ...value })
        if (one.kind === 'put') rows.put(one.key, value)
        else rows.add(one.key, value)
      }
    }
    for (const wanted of ['a', 'b']) {
      for (const [from, to] of [
        [0, 60],
        [7, 23],
        [30, 30],
      ] as const) {
        const found = rows.between(wanted, from, to).map(({ time: at, value }) => [at, value])
        const all = plain.filter((held) => held.key === wanted && held.time >= from && held.time <= to)
        expect(found).toEqual(all.toSorted((a, b) => a.time - b.time).map(({ time: at, value }) => [at, value]))
      }
    }
    const first = plain.length === 0 ? undefined : Math.min(...plain.map((held) => Math.floor(held.time / width) * width))
    expect(rows.firstStart()).toBe(first)
    if (first !== undefined) expect(rows.stretch(first)).toHaveLength(plain.filter((held) => held.time < first + width).length)
  },
)

test.prop([
  fc.array(fc.tuple(time, fc.string({ maxLength: 2 })), { maxLength: 20 }),
  fc.array(fc.tuple(time, fc.boolean()), { maxLength: 20 }),
  fc.integer({ min: 1, max: 20 }),
])('many changes at once leave what they would leave one by one', (given, changes, width) => {
  const [together, apart] = [0, 1].map(() => {
    const rows = new TimeRows(new MemoryWindowStore<string, TimedValues<string>>('rows', string), width)
    for (const [at, value] of given) rows.put('a', { time: at, span: 0, stamp: at, value })
    return rows
  })
  const all = changes.map(([at, isGone], index) =>
    isGone ? { time: at, gone: true as const } : { time: at, span: 0, stamp: at, value: `n${index}` },
  )
  together!.change('a', all, 99)
  for (const one of all) {
    if ('gone' in one) apart!.removeAt('a', one.time, 99)
    else apart!.put('a', one)
  }
  const found = together!.between('a', 0, 60)
  expect(found).toEqual(apart!.between('a', 0, 60))
  expect(together!.first('a', 7, 30)).toEqual(found.find((value) => value.time >= 7 && value.time <= 30))
  expect(together!.firstStart()).toBe(apart!.firstStart())
})
