import { describe, expect, test } from 'vitest'
import { featuresOf } from './build-case.ts'
import { Missing } from './call.ts'
import { differences } from './differences.ts'
import { families } from './families.ts'
import { kafkaVersion, readKept } from './kept.ts'
import { pending } from './pending.ts'
import { runCase } from './run-case.ts'
import { comparable, isSame } from './same-outcome.ts'
import type { KeptCase, TopologyCase } from './topology-case.ts'

/** Topologies of ours against what the real Kafka Streams made of the same ones: without Java, from outcomes/. */
const all = Object.values(families).flat()

test('there are many cases, each with a name of its own', () => {
  expect(all.length).toBeGreaterThanOrEqual(150)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})

describe.each(Object.entries(families))('%s', (family, cases) => {
  const kept = readKept(family)

  test('what is kept was made of these cases, by this Kafka: MILLRACE_KEEP_OUTCOMES=1 npm run test:kafka -- cases', () => {
    expect(kept.kafka).toBe(kafkaVersion())
    expect(kept.cases.map(({ name, topology, input }) => ({ name, topology, input }))).toEqual(JSON.parse(JSON.stringify(cases)))
  })

  const ready = kept.cases.filter(({ topology }) => !featuresOf(topology).some((name) => pending.includes(name)))
  const same = ready.filter(({ name }) => differences[name] === undefined)
  const different = ready.filter(({ name }) => differences[name] !== undefined)

  test.each(same.map((one) => [one.name, one] as const))('%s', (_name, { topology, input, output, dropped }) => {
    expect(comparable(runCase({ topology, input }), topology)).toEqual(comparable({ output, dropped }, topology))
  })

  test.each(different.map((one) => [one.name, one] as const))('differs with intent: %s', (_name, one) => {
    expect(isSame(runCase(one), one, one.topology)).toBe(false)
  })
})

describe('what is pending', () => {
  const kept = Object.keys(families).flatMap((family) => readKept(family).cases)

  test('is used by a case', () => {
    const used = new Set(all.flatMap(({ topology }) => featuresOf(topology)))
    expect(pending.filter((name) => !used.has(name))).toEqual([])
  })

  test.each(pending)('%s does not come out as Kafka does; if it does, take it out of pending.ts', (name) => {
    const outcomes = kept.filter(({ topology }) => featuresOf(topology).includes(name)).map(tryCase)
    expect(outcomes.includes('same') && !outcomes.includes('other')).toBe(false)
  })
})

test('a difference names a case', () => {
  const names = all.map(({ name }: TopologyCase) => name)
  expect(Object.keys(differences).filter((name) => !names.includes(name))).toEqual([])
})

function tryCase(one: KeptCase): 'missing' | 'other' | 'same' {
  try {
    return isSame(runCase(one), one, one.topology) || differences[one.name] !== undefined ? 'same' : 'other'
  } catch (error) {
    return error instanceof Missing ? 'missing' : 'other'
  }
}
