import { test } from 'vitest'
import { HdrHistogram } from './hdr-histogram.ts'
import { registry } from './metrics.fixtures.ts'

/** A thousand recordings a run. What it does not measure: a cold cache, several histograms that share it. */
const perRun = 1000
const values = Float64Array.from({ length: perRun }, (_, index) => 2 ** (index % 20) * (1 + index / perRun))

function times(work: (value: number) => void): () => void {
  return () => {
    for (let index = 0; index < perRun; index++) work(values[index]!)
  }
}

test('record a thousand times', async ({ bench }) => {
  const metrics = registry()
  const counter = metrics.counter('test.sent')
  const gauge = metrics.gauge('test.level')
  const histogram = metrics.histogram('test.size')
  const duration = metrics.duration('test.time')
  await bench.compare(
    bench(
      'counter',
      times((value) => counter.add(value)),
    ),
    bench(
      'gauge',
      times((value) => gauge.set(value)),
    ),
    bench(
      'histogram',
      times((value) => histogram.record(value)),
    ),
    bench(
      'duration',
      times((value) => duration.recordMs(value)),
    ),
    { time: 300 },
  )
})

test('read', async ({ bench }) => {
  const histogram = new HdrHistogram()
  for (const value of values) histogram.record(value)
  await bench.compare(
    bench('copy', () => void histogram.copy()),
    bench('percentile', () => void histogram.percentile(99)),
    { time: 300 },
  )
})
