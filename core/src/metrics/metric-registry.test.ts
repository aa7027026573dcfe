import { describe, expect, test } from 'vitest'
import { coreMetrics } from '../base/metric-catalogue.ts'
import { simWorld } from '../simulation/sim-world.ts'
import type { MetricRegistry } from './metric-registry.ts'
import { registry, type TestMetrics } from './metrics.fixtures.ts'

function valuesOf(metrics: MetricRegistry<TestMetrics>): unknown {
  return metrics.snapshot().families.map(({ name, values }) => [name, values.series])
}

test('nothing is shown before somebody holds a handle, then from zero on', () => {
  const metrics = registry()
  expect(metrics.snapshot().families).toEqual([])
  const sent = metrics.counter('test.sent')
  expect(valuesOf(metrics)).toEqual([['test.sent', [{ labels: {}, value: 0 }]]])
  sent.add()
  sent.add(4)
  expect(valuesOf(metrics)).toEqual([['test.sent', [{ labels: {}, value: 5 }]]])
})

test('the same name and labels are one instrument', () => {
  const metrics = registry()
  metrics.counter('test.ended', { outcome: 'good', place: 'here' }).add(1)
  metrics.counter('test.ended', { place: 'here', outcome: 'good' }).add(2)
  metrics.counter('test.ended', { outcome: 'bad', place: 'here' }).add(4)
  metrics.duration('test.time').recordMs(5)
  metrics.duration('test.time').recordMs(7)
  expect(valuesOf(metrics)).toMatchObject([
    [
      'test.ended',
      [
        { labels: { outcome: 'good', place: 'here' }, value: 3 },
        { labels: { outcome: 'bad', place: 'here' }, value: 4 },
      ],
    ],
    ['test.time', [{ value: { count: 2, sum: 0.012, min: 0.005, max: 0.007 } }]],
  ])
})

test('values that cannot be change nothing', () => {
  const metrics = registry()
  const counter = metrics.counter('test.sent')
  const gauge = metrics.gauge('test.level')
  gauge.set(3)
  for (const value of [NaN, Infinity, -Infinity]) {
    counter.add(value)
    gauge.set(value)
    gauge.add(value)
  }
  counter.add(-1)
  gauge.add(-5)
  expect(valuesOf(metrics)).toMatchObject([
    ['test.sent', [{ value: 0 }]],
    ['test.level', [{ value: -2 }]],
  ])
})

test('a gauge that is observed is asked at each reading', () => {
  const metrics = registry()
  let level = 1
  metrics.observe('test.level', () => level)
  expect(valuesOf(metrics)).toMatchObject([['test.level', [{ value: 1 }]]])
  level = 2
  expect(valuesOf(metrics)).toMatchObject([['test.level', [{ value: 2 }]]])
})

test('a snapshot is a copy, with the time it covers', async () => {
  const world = simWorld({ seed: 1, startTimeMs: 1000 })
  await world.run(async () => {
    const metrics = registry(world.clock)
    const size = metrics.histogram('test.size')
    size.record(1)
    await new Promise<void>((resolve) => void world.clock.after(250, resolve))
    const snapshot = metrics.snapshot()
    size.record(1)
    expect([snapshot.startedAt, snapshot.takenAt]).toEqual([1000, 1250])
    expect(snapshot.families[0]!.values.series[0]!.value).toMatchObject({ count: 1 })
  })
})

describe('what the catalogue does not have', () => {
  const metrics = registry()
  test.for<[string, () => unknown]>([
    // @ts-expect-error there is no such name
    ['another name', () => metrics.counter('test.unknown')],
    // @ts-expect-error labels are declared
    ['no labels', () => metrics.counter('test.ended')],
    // @ts-expect-error one label is missing
    ['one label of two', () => metrics.counter('test.ended', { outcome: 'good' })],
    // @ts-expect-error the list of values is closed
    ['another value', () => metrics.counter('test.ended', { outcome: 'unknown', place: 'here' })],
    // @ts-expect-error the name has no labels
    ['labels too many', () => metrics.counter('test.sent', { outcome: 'good' })],
    // @ts-expect-error it is a counter
    ['a counter as a gauge', () => [metrics.counter('test.sent'), metrics.gauge('test.sent')]],
    // @ts-expect-error it is a counter
    ['a counter as a histogram', () => metrics.histogram('test.sent')],
    // @ts-expect-error it is a gauge
    ['a gauge as a counter', () => metrics.counter('test.level')],
    ['two owners of a gauge', () => [metrics.gauge('test.level'), metrics.observe('test.level', () => 0)]],
    ['a property of every object', () => metrics.counter('toString' as 'test.sent')],
  ])('%s', ([, use]) => {
    expect(use).toThrow(expect.objectContaining({ code: 'BUG' }))
  })
})

describe('the catalogue of the log', () => {
  test.for(Object.entries(coreMetrics))('%s', ([name, row]) => {
    expect(name).toMatch(/^millrace(\.[a-z]+)+$/)
    expect(name).not.toMatch(/total|seconds|bytes/) // readers add it
    expect(row.unit).toMatch(/^(s|By|\{[a-z]+\})$/)
    expect(row.kind === 'duration').toBe(row.unit === 's')
    expect(row.help).toMatch(/^[A-Z0-9].*\.$/)
  })
})
