import { expect, test } from 'vitest'
import { measureKafkaStreams, type StreamsWork } from './streams-perf.ts'

const works: readonly StreamsWork[] = ['json', 'count', 'window', 'join']

test.each(works)('Kafka Streams does the work of our benchmark, tiny: %s', async (work) => {
  const { seconds, cpuSeconds } = await measureKafkaStreams(work, { records: 2_000, keys: 100, partitions: 4 })
  expect(seconds).toBeGreaterThan(0)
  expect(cpuSeconds).toBeGreaterThan(0)
})
