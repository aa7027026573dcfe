import { expect, test } from 'vitest'
import { measureKafka } from './perf.ts'

test("Kafka's own measurements of itself run, tiny", async () => {
  const { produced, consumed } = await measureKafka({ records: 20_000, batchSizes: [65_536] })
  expect(produced[65_536]).toBeGreaterThan(0)
  expect(consumed).toBeGreaterThan(0)
})
