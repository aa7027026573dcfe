import { expect, test } from 'vitest'
import { StreamMetricRegistry } from './metric-registry.ts'
import { sampleWindowMs, Stat } from './sampled.ts'
import { streamMetricGroups } from './stream-metric-rows.ts'

class TestClock {
  at = 0
  now = (): number => 1_000_000 + this.at
  monotonic = (): number => this.at
}

function values(registry: StreamMetricRegistry, name: string): readonly (number | string)[] {
  return registry.list().flatMap((metric) => (metric.name === name ? [metric.value] : []))
}

test('names do not stand twice in a group, and every row says what it is', () => {
  for (const { name, tags, rows } of streamMetricGroups) {
    expect(name).toMatch(/^stream-.*metrics$/)
    expect(tags.length).toBeGreaterThan(0)
    expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length)
    for (const row of rows) {
      expect(row.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(row.help).toMatch(/^[A-Z].*[.]$/s)
    }
  }
})

test('metrics come in the order of the catalogue, and go with their scope', () => {
  const registry = new StreamMetricRegistry(new TestClock())
  const node = registry.open('stream-processor-node-metrics', { 'processor-node-id': 'n' })
  node.counted('process', () => 7)
  const client = registry.open('stream-metrics', { 'client-id': 'c' })
  client.show('state', () => 'running')
  expect(registry.list().map(({ group, name, tags, value }) => [group, name, tags, value])).toEqual([
    ['stream-metrics', 'state', { 'client-id': 'c' }, 'running'],
    ['stream-processor-node-metrics', 'process-rate', { 'processor-node-id': 'n' }, 0],
    ['stream-processor-node-metrics', 'process-total', { 'processor-node-id': 'n' }, 7],
  ])
  node.close()
  expect(registry.list().map(({ name }) => name)).toEqual(['state'])
  registry.close()
  registry.open('stream-metrics', { 'client-id': 'late' }).show('state', () => 'running')
  expect(registry.list()).toEqual([])
})

test('windows turn with the time, whoever reads', () => {
  const clock = new TestClock()
  const registry = new StreamMetricRegistry(clock)
  const scope = registry.open('stream-task-metrics', { 'task-id': '0_0' })
  const lateness = new Stat()
  let total = 0
  scope.measured('record-lateness', lateness)
  scope.counted('commit', () => total)
  lateness.record(10)
  total = 60
  clock.at = sampleWindowMs
  expect(values(registry, 'record-lateness-max')).toEqual([10])
  expect(values(registry, 'commit-rate')).toEqual([2])
  clock.at = 2 * sampleWindowMs
  expect(values(registry, 'record-lateness-max')).toEqual([Number.NaN])
  expect(values(registry, 'commit-rate')).toEqual([0])
  expect(values(registry, 'commit-total')).toEqual([60])
  lateness.record(3)
  clock.at = 9 * sampleWindowMs
  expect(values(registry, 'record-lateness-avg')).toEqual([Number.NaN])
})

test('families have no texts, no means of nothing, and labels that Prometheus takes', () => {
  const registry = new StreamMetricRegistry(new TestClock())
  const scope = registry.open('stream-task-metrics', { 'thread-id': 'a', 'task-id': '0_0' })
  scope.counted('process', () => 3)
  scope.measured('record-lateness', new Stat())
  registry.open('stream-metrics', { 'client-id': 'a' }).show('state', () => 'running')
  const { families, takenAt } = registry.snapshot()
  expect(takenAt).toBe(1_000_000)
  const labels = { thread_id: 'a', task_id: '0_0' }
  expect(families.map(({ name, unit, values: { kind, series } }) => [name, unit, kind, series])).toEqual([
    ['kafka.streams.stream-task-metrics.process-rate', '{record}/s', 'gauge', [{ labels, value: 0 }]],
    ['kafka.streams.stream-task-metrics.process', '{record}', 'counter', [{ labels, value: 3 }]],
  ])
})
