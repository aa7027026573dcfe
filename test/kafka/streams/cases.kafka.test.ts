import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaDriver } from '../kafka-driver.ts'
import { findKafka } from '../kafka-home.ts'
import { families } from './families.ts'
import { kafkaVersion, readKept, writeKept } from './kept.ts'
import type { KeptCase } from './topology-case.ts'

/** Makes the outcomes anew with the real Kafka Streams. They are compared with what is kept, or kept when that is asked for. */
const keep = process.env['MILLRACE_KEEP_OUTCOMES'] === '1'
let driver: KafkaDriver

beforeAll(() => {
  driver = new KafkaDriver(findKafka())
})

afterAll(async () => {
  await driver?.[Symbol.asyncDispose]()
})

test.each(Object.entries(families))('Kafka Streams makes of the cases what is kept: %s', async (family, cases) => {
  const made: KeptCase[] = []
  for (const { name, topology, input } of cases) {
    made.push({ name, topology, input, ...(await driver.call('runTopology', { topology, input })) })
  }
  if (keep) writeKept(family, kafkaVersion(), made)
  expect(JSON.parse(JSON.stringify(made))).toEqual(readKept(family).cases)
})
