import { expect, test } from 'vitest'
import { measureWire } from '../bench/wire-against-kafka.ts'
import { measureKafka } from './perf.ts'

test("Kafka's own measurements of itself run, tiny", async () => {
  const { produced, consumed } = await measureKafka({ records: 20_000, batchSizes: [65_536] })
  expect(produced[65_536]).toBeGreaterThan(0)
  expect(consumed).toBeGreaterThan(0)
})

test('the measurements of the wire run, tiny', async () => {
  const size = { rounds: 1, smallRecords: 5_000, largeRecords: 1_000, latencyRecords: 100, idleMs: 0 }
  const rows = await measureWire(size)
  const ids = ['wire-produce-100', 'wire-produce-1000', 'wire-consume-100', 'wire-latency-p99', 'start', 'idle-memory']
  expect(rows.map(({ row }) => row)).toEqual(ids)
  for (const { ratio } of rows) expect(ratio).toBeGreaterThan(0)
}, 300_000)
