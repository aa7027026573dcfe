import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KafkaDriver } from '../kafka-driver.ts'
import { findKafka } from '../kafka-home.ts'
import { featuresOf } from './build-case.ts'
import { pending } from './pending.ts'
import { randomFamilies, randomRows } from './random-families.ts'
import { runCase } from './run-case.ts'
import { comparable } from './same-outcome.ts'
import type { InputRow, Outcome, OutputRow } from './topology-case.ts'

/** What fails is shrunk, and printed with its seed; the smallest input belongs among the cases. */
const seed = Number(process.env['MILLRACE_KAFKA_SEED'] ?? 1)
const runs = Number(process.env['MILLRACE_KAFKA_RUNS'] ?? 30)

/** Records of both sides that are later than any other, so that everything before them is over. */
const closing: readonly InputRow[] = [0, 1, 2].flatMap((n) => [
  ['left', `z${n}`, 'z', 10_000 + n * 1000],
  ['right', `z${n}`, 'z', 10_500 + n * 1000],
])

function expectPairs(ours: Outcome, kafkas: Outcome): void {
  const isLone = ([, , , value]: OutputRow): boolean => value!.includes('null')
  const lone = ({ output }: Outcome): readonly string[] => output.filter(isLone).map(([, ...row]) => JSON.stringify(row))
  const pairs = ({ output }: Outcome): readonly OutputRow[] => output.filter((row) => !isLone(row))
  expect(pairs(ours)).toEqual(pairs(kafkas))
  expect(lone(ours)).toEqual(expect.arrayContaining([...lone(kafkas)]))
}

const families = randomFamilies.filter(({ topology }) => !featuresOf(topology).some((name) => pending.includes(name)))

describe(`random inputs, seed ${seed}: ours is what Kafka Streams makes of them`, () => {
  let driver: KafkaDriver

  beforeAll(() => {
    driver = new KafkaDriver(findKafka(), { limitSeconds: 1800 })
  })

  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
  })

  test.each(families.map((family) => [family.name, family] as const))(
    '%s',
    { timeout: 60_000 + runs * 1000 },
    async (_name, { topology, input, loneRowsLater }) => {
      const property = fc.asyncProperty(randomRows(input), async (rows) => {
        const fed = loneRowsLater ? [...rows, ...closing] : rows
        const kafkas = await driver.call('runTopology', { topology, input: fed })
        const ours = runCase({ topology, input: fed })
        if (loneRowsLater) expectPairs(ours, kafkas)
        else expect(comparable(ours, topology)).toEqual(comparable(kafkas, topology))
      })
      // The time is for shrinking: a run takes about 100 ms.
      await fc.assert(property, { seed, numRuns: runs, interruptAfterTimeLimit: 40_000 + runs * 500 })
    },
  )
})
