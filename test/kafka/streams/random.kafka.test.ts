import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KafkaDriver } from '../kafka-driver.ts'
import { findKafka } from '../kafka-home.ts'
import { featuresOf } from './build-case.ts'
import { pending } from './pending.ts'
import { randomFamilies, randomRows } from './random-families.ts'
import { runCase } from './run-case.ts'
import { comparable } from './same-outcome.ts'

/** What fails is shrunk, and printed with its seed; the smallest input belongs among the cases. */
const seed = Number(process.env['MILLRACE_KAFKA_SEED'] ?? 1)
const runs = Number(process.env['MILLRACE_KAFKA_RUNS'] ?? 30)

const families = randomFamilies.filter(({ topology }) => !featuresOf(topology).some((name) => pending.includes(name)))

describe(`random inputs, seed ${seed}: ours is what Kafka Streams makes of them`, () => {
  let driver: KafkaDriver

  beforeAll(() => {
    driver = new KafkaDriver(findKafka())
  })

  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
  })

  test.each(families.map((family) => [family.name, family] as const))(
    '%s',
    { timeout: 120_000 },
    async (_name, { topology, input }) => {
      const property = fc.asyncProperty(randomRows(input), async (rows) => {
        const kafkas = await driver.call('runTopology', { topology, input: rows })
        expect(comparable(runCase({ topology, input: rows }), topology)).toEqual(comparable(kafkas, topology))
      })
      await fc.assert(property, { seed, numRuns: runs })
    },
  )
})
