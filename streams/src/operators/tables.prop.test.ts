/** What tables come to does not depend on the order in which records meet, nor on partitions: it follows from the final rows. */
import { fc, test } from '@fast-check/vitest'
import { json, string } from '@millrace/core'
import { describe, expect } from 'vitest'
import type { MemoryApp } from '../testing/memory-app.ts'
import { outputOf, twoTables, write } from '../testing/memory-tables.ts'

interface Update {
  readonly side: 'left' | 'right'
  readonly key: number
  readonly value: number | null
  readonly more: number
  /** Records delivered before it. */
  readonly deliveries: number
}

const keys = 3
const updates = fc.array(
  fc.record({
    side: fc.constantFrom('left' as const, 'right' as const),
    key: fc.nat(keys - 1),
    value: fc.option(fc.nat(keys - 1), { freq: 4 }),
    more: fc.nat(2),
    deliveries: fc.nat(3),
  }),
  { maxLength: 60 },
)
const partitions = fc.record({ left: fc.integer({ min: 1, max: 3 }), right: fc.integer({ min: 1, max: 3 }) })

/** Few, so that equal ones come again and again. */
interface Left {
  readonly to: string | null
  readonly more: number
}

type Final<V> = Map<string, V>

/** Feeds the updates, with deliveries between them, and then everything that waits. Gives the final rows of both sides. */
function run(app: MemoryApp, all: readonly Update[], count: { left: number; right: number }): [Final<Left>, Final<string>] {
  const left: Final<Left> = new Map()
  const right: Final<string> = new Map()
  for (const [timestamp, { side, key: number, value, more, deliveries }] of all.entries()) {
    const key = `k${number}`
    const made = value === null ? null : side === 'left' ? { to: value === 0 ? null : `k${value}`, more } : `v${value}`
    if (side === 'left') set(left, key, made as Left | null)
    else set(right, key, made as string | null)
    app.process({ topic: side, key, value: made, timestamp, partition: number % count[side] })
    for (let i = 0; i < deliveries; i++) app.deliver()
  }
  while (app.deliver()) {
    // Until nothing is on its way.
  }
  return [left, right]
}

function set<V>(rows: Map<string, V>, key: string, value: V | null): void {
  if (value === null) rows.delete(key)
  else rows.set(key, value)
}

/** The last value of each key of topic `out`. */
function tableOf(app: MemoryApp): Map<unknown, unknown> {
  const rows = new Map<unknown, unknown>()
  for (const [key, value] of outputOf(app)) {
    if (value === null) rows.delete(key)
    else rows.set(key, value)
  }
  return rows
}

function picking(seed: number): (count: number) => number {
  let state = seed
  return (count) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % count
  }
}

const partitionOf = (key: Uint8Array | string, count: number): number =>
  Buffer.from(key).reduce((sum, byte) => sum + byte, 0) % count

describe('the result of a join', () => {
  test.prop({ updates, seed: fc.nat() })('of two tables is the join of their final rows', ({ updates: all, seed }) => {
    for (const sides of ['inner', 'left', 'outer'] as const) {
      const pair = (a: Left | null, b: string | null): unknown => [a, b]
      const app = twoTables<Left>(
        ({ left, right }) => {
          if (sides === 'inner') write(left.join(right, pair))
          else if (sides === 'left') write(left.leftJoin(right, pair))
          else write(left.outerJoin(right, pair))
        },
        { pick: picking(seed) },
      )
      const [left, right] = run(app, all, { left: 1, right: 1 })
      const expected = new Map<string, unknown>()
      for (const key of new Set([...left.keys(), ...right.keys()])) {
        const [a, b] = [left.get(key) ?? null, right.get(key) ?? null]
        if ((a !== null || sides === 'outer') && (b !== null || sides !== 'inner')) expected.set(key, [a, b])
      }
      expect(tableOf(app)).toEqual(expected)
    }
  })

  test.prop({ updates, partitions, seed: fc.nat() }, { numRuns: 300 })(
    'by a foreign key is the join of the final rows, over any partitions and whatever overtakes what',
    ({ updates: all, partitions: count, seed }) => {
      for (const sides of ['inner', 'left'] as const) {
        const options = { name: 'fk', on: ({ to }: Left) => to, join: (a: Left, b: string | null): unknown => [a, b] }
        const app = twoTables<Left>(
          ({ left, right }) => write(sides === 'inner' ? left.joinForeign(right, options) : left.leftJoinForeign(right, options)),
          { pick: picking(seed), partitions: count, partitionOf: foreignPartition(count.right) },
        )
        const [left, right] = run(app, all, count)
        const expected = new Map<string, unknown>()
        for (const [key, row] of left) {
          const { to } = row
          const other = (to === null ? undefined : right.get(to)) ?? null
          if (sides === 'left' || other !== null) expected.set(key, [row, other])
        }
        expect(tableOf(app)).toEqual(expected)
      }
    },
  )
})

/** Where the rows of the right table lie: key `k3` in partition 3 modulo their number. */
function foreignPartition(count: number): (key: Uint8Array | string) => number {
  return (key) => Number(Buffer.from(key).toString().slice(1)) % count
}

describe('the totals of a grouped table', () => {
  test.prop({ updates, partitions, seed: fc.nat() }, { numRuns: 300 })(
    'are those of its final rows, over any partitions and whatever overtakes what',
    ({ updates: all, partitions: count, seed }) => {
      const app = twoTables<Left>(
        ({ left }) =>
          write(
            left
              .groupBy(({ to }, key) => ({ key: to, value: Number(key.slice(1)) }), {
                name: 'groups',
                key: string,
                value: json<number>(),
                partitions: 3,
              })
              .aggregate({
                store: 'totals',
                value: json<readonly number[]>(),
                initial: () => [],
                add: (total, value) => [...total, value].toSorted((a, b) => a - b),
                subtract: (total, value) => without(total, value),
              })
              .filter((total) => total.length > 0),
          ),
        { pick: picking(seed), partitions: count, partitionOf },
      )
      const [left] = run(
        app,
        all.filter(({ side }) => side === 'left'),
        count,
      )
      const expected = new Map<string, number[]>()
      for (const key of [...left.keys()].toSorted()) {
        const { to } = left.get(key)!
        if (to !== null) expected.set(to, [...(expected.get(to) ?? []), Number(key.slice(1))])
      }
      expect(tableOf(app)).toEqual(expected)
    },
  )
})

function without(total: readonly number[], value: number): readonly number[] {
  const at = total.indexOf(value)
  return total.filter((_, index) => index !== at)
}
