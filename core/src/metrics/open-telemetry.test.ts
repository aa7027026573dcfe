import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  MetricReader,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { simWorld } from '../simulation/sim-world.ts'
import { registry } from './metrics.fixtures.ts'
import { openTelemetryProducer, type OpenTelemetryOptions } from './open-telemetry.ts'

/** A reader of the real SDK that collects when it is asked. */
class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

/** What the real SDK collects: its own meter's metrics and ours. That it compiles is the proof of the types. */
async function collected(producer: MetricProducer): Promise<readonly MetricData[]> {
  const reader = new ManualReader({ metricProducers: [producer] })
  const provider = new MeterProvider({ readers: [reader] })
  provider.getMeter('theirs').createCounter('theirs').add(1)
  const { resourceMetrics, errors } = await reader.collect()
  expect(errors).toEqual([])
  const scopes = resourceMetrics.scopeMetrics
  expect(scopes.map(({ scope }) => scope.name)).toEqual(['theirs', '@millrace/core'])
  await provider.shutdown()
  return scopes[1]!.metrics
}

test("the SDK's reader collects counters, gauges and histograms", async () => {
  const world = simWorld({ seed: 1, startTimeMs: 1_500 })
  const metrics = registry(world.clock)
  metrics.counter('test.ended', { outcome: 'good', place: 'here' }).add(3)
  metrics.gauge('test.level').set(-1.5)
  const time = metrics.duration('test.time')
  for (const value of [1, 5, 120_000]) time.recordMs(value)
  const [level, ended, times] = await collected(openTelemetryProducer(metrics, { attributes: { log: 'a', outcome: 'b' } }))
  expect(level).toMatchObject({
    descriptor: { name: 'test.level', unit: 'By' },
    dataPointType: DataPointType.GAUGE,
    dataPoints: [{ attributes: { log: 'a', outcome: 'b' }, value: -1.5 }],
  })
  expect(ended).toMatchObject({
    descriptor: { name: 'test.ended', unit: 'By', description: 'Ended.' },
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: [{ attributes: { log: 'a', outcome: 'good', place: 'here' }, value: 3, startTime: [1, 500_000_000] }],
  })
  expect(times).toMatchObject({
    descriptor: { name: 'test.time', unit: 's' },
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: [{ value: { count: 3, min: 0.001, max: 120, sum: 120.006 } }],
  })
})

test('the buckets of a histogram lie between its bounds and add up to its count', async () => {
  const metrics = registry()
  const size = metrics.histogram('test.size')
  for (const value of [0, 1, 2, 256, 257, 1e12]) size.record(value)
  const [sizes] = await collected(openTelemetryProducer(metrics))
  if (sizes?.dataPointType !== DataPointType.HISTOGRAM) expect.fail('no histogram')
  const { buckets, count } = sizes.dataPoints[0]!.value
  expect(buckets.counts).toHaveLength(buckets.boundaries.length + 1)
  expect(buckets.counts.reduce((sum, one) => sum + one, 0)).toBe(count)
  const filled = buckets.counts.flatMap((inBucket, index) => (inBucket === 0 ? [] : [[buckets.boundaries[index], inBucket]]))
  expect(filled).toEqual([
    [1, 2],
    [4, 1],
    [256, 1],
    [1024, 1],
    [undefined, 1],
  ])
})

test('an empty histogram has no min and max', async () => {
  const metrics = registry()
  metrics.histogram('test.size')
  const [sizes] = await collected(openTelemetryProducer(metrics))
  expect(sizes?.dataPoints[0]?.value).not.toHaveProperty('min')
})

test.for<[string, unknown]>([
  ['an unknown option', { attribute: {} }],
  ['no object', 1],
  ['attributes that are no texts', { attributes: { a: {} } }],
])('refused: %s', ([, options]) => {
  expect(() => openTelemetryProducer(registry(), options as OpenTelemetryOptions)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(UNKNOWN|INVALID)_OPTION$/) }),
  )
})
