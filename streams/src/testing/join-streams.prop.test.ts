import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { millis } from '../time/duration.ts'
import type { Grace } from '../time/windows.ts'
import { JoinInMemory, type Sides } from '../testing/join-streams.fixtures.ts'

interface Given {
  readonly topic: 'left' | 'right'
  readonly key: string
  readonly time: number
  readonly value: string
}

const given = fc
  .array(fc.record({ topic: fc.constantFrom('left', 'right'), key: fc.constantFrom('a', 'b'), time: fc.nat({ max: 80 }) }), {
    maxLength: 40,
  })
  .map((all) => all.map((one, index): Given => ({ ...one, value: `${index}` })))
const sides = fc.constantFrom<Sides>('inner', 'left', 'outer')
const reach = fc.record({ before: fc.nat({ max: 15 }), after: fc.nat({ max: 15 }) })

/** Every pair and every record without a partner, over the whole input at once. */
function naive(all: readonly Given[], kind: Sides, { before, after }: { before: number; after: number }): readonly string[] {
  const [left, right] = (['left', 'right'] as const).map((topic) => all.filter((one) => one.topic === topic))
  const pairs = left!.flatMap((l) => right!.filter((r) => meet(l, r)).map((r) => [l, r] as const))
  const alone = (side: readonly Given[]): readonly Given[] => side.filter((one) => !pairs.some((pair) => pair.includes(one)))
  return [
    ...pairs.map(([l, r]) => `${l.value}+${r.value}@${Math.max(l.time, r.time)}`),
    ...(kind === 'inner' ? [] : alone(left!).map(({ value, time }) => `${value}+-@${time}`)),
    ...(kind === 'outer' ? alone(right!).map(({ value, time }) => `-+${value}@${time}`) : []),
  ].toSorted()

  function meet(l: Given, r: Given): boolean {
    return l.key === r.key && r.time >= l.time - before && r.time <= l.time + after
  }
}

function joined(
  all: readonly Given[],
  kind: Sides,
  { before, after, grace }: { readonly before: number; readonly after: number; readonly grace: Grace },
): readonly string[] {
  const join = new JoinInMemory({ sides: kind, within: { before: millis(before), after: millis(after) }, grace })
  const emitted = all.flatMap(({ topic, key, value, time }) => join.feed(topic, value, time, key))
  return [...emitted, ...join.end()].toSorted()
}

test.prop([given, sides, reach, fc.nat({ max: 20 })])(
  'in order a join is the naive join over the whole input: each pair once, null exactly where no partner is',
  (all, kind, within, grace) => {
    const inOrder = all.toSorted((a, b) => a.time - b.time)
    expect(joined(inOrder, kind, { ...within, grace: millis(grace) })).toEqual(naive(all, kind, within))
  },
)

test.prop([given, sides, reach])(
  'with grace to the end of the input the order of the input does not matter',
  (all, kind, within) => {
    expect(joined(all, kind, { ...within, grace: 'end-of-input' })).toEqual(naive(all, kind, within))
  },
)

test.prop([given, reach])('an inner join is complete as long as nothing is later than the grace', (all, within) => {
  expect(joined(all, 'inner', { ...within, grace: millis(80) })).toEqual(naive(all, 'inner', within))
})
