/** What tables that emit every commit come to follows from their rows alone, wherever commits lie. */
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { inWorld } from './app-world.fixtures.ts'
import { batch, fill, lastOf, sums } from './emit-every-commit.fixtures.ts'

const given = fc.array(
  fc.record({
    topic: fc.constantFrom('left' as const, 'right' as const),
    key: fc.constantFrom('x0', 'x1', 'y0'),
    value: fc.option(fc.nat({ max: 3 }), { freq: 4 }),
  }),
  { maxLength: 40, size: 'max' },
)

/** A group without rows has the sum that subtracting has left, or none, if its rows came and went between two commits. */
function withoutZeros(totals: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...totals].filter(([, sum]) => sum !== 0))
}

test.prop([given, fc.integer({ min: 1, max: 4_000 })], { numRuns: 60 })(
  'sums over a join of tables',
  (rows, maxUncommittedBytes) =>
    inWorld(async (world) => {
      await fill(world, rows)
      await world.run(sums, { maxUncommittedBytes })
      expect(withoutZeros(await lastOf(world))).toEqual(withoutZeros(batch(rows)))
    }),
)
