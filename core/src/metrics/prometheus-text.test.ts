import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { coreMetrics } from '../base/metric-catalogue.ts'
import type { MetricsReader } from '../base/metrics.ts'
import { registry } from './metrics.fixtures.ts'
import { parseExposition, type Sample } from './prometheus.fixtures.ts'
import { prometheusText, type PrometheusOptions } from './prometheus-text.ts'

function filled(): MetricsReader {
  const metrics = registry()
  metrics.counter('test.sent').add(3)
  metrics.gauge('test.level').set(-1.5)
  metrics.counter('test.ended', { outcome: 'good', place: 'here' }).add(1)
  metrics.counter('test.ended', { outcome: 'bad', place: 'there' }).add(2)
  const size = metrics.histogram('test.size')
  for (const value of [0, 1, 256, 257, 1e12]) size.record(value)
  const time = metrics.duration('test.time')
  for (const value of [1, 5, 2000]) time.recordMs(value)
  return metrics
}

test('no metrics are no text', () => {
  expect(prometheusText(registry())).toBe('')
  expect(prometheusText(registry(), { format: 'openmetrics' })).toBe('# EOF\n')
})

test('counters and gauges, word for word', () => {
  const metrics = registry()
  metrics.counter('test.sent').add(3)
  metrics.gauge('test.level').set(-1.5)
  metrics.counter('test.ended', { outcome: 'good', place: 'here' }).add(1e21)
  expect(prometheusText(metrics, { labels: { log: 'a\\b"c\nd' } })).toBe(
    String.raw`# HELP test_sent_total Sent.
# TYPE test_sent_total counter
test_sent_total{log="a\\b\"c\nd"} 3
# HELP test_level_bytes A "level" with \\ and\na second line.
# TYPE test_level_bytes gauge
test_level_bytes{log="a\\b\"c\nd"} -1.5
# HELP test_ended_bytes_total Ended.
# TYPE test_ended_bytes_total counter
test_ended_bytes_total{log="a\\b\"c\nd",outcome="good",place="here"} 1e+21
`,
  )
})

test('a histogram has cumulative buckets, sum and count', () => {
  const { samples, types } = parseExposition(prometheusText(filled()))
  expect(types.get('test_time_seconds')).toBe('histogram')
  const buckets = samples.filter(({ name }) => name === 'test_time_seconds_bucket')
  expect(atMost(buckets, '0.0005')).toBe(0)
  expect(atMost(buckets, '0.001')).toBe(1)
  expect(atMost(buckets, '0.005')).toBe(2)
  expect(atMost(buckets, '1')).toBe(2)
  expect(atMost(buckets, '2.5')).toBe(3)
  expect(atMost(buckets, '+Inf')).toBe(3)
  expect(one(samples, 'test_time_seconds_sum')).toBeCloseTo(2.006, 9)
  expect(one(samples, 'test_time_seconds_count')).toBe(3)
  const sizes = samples.filter(({ name }) => name === 'test_size_bytes_bucket')
  expect(['1', '256', '1024', '67108864', '+Inf'].map((le) => atMost(sizes, le))).toEqual([2, 3, 4, 4, 5])
})

describe.for(['prometheus', 'openmetrics'] as const)('%s', (format) => {
  test('every line is valid', () => {
    const { samples, types } = parseExposition(prometheusText(filled(), { format }))
    expect([...types.values()].toSorted()).toEqual(['counter', 'counter', 'gauge', 'histogram', 'histogram'])
    for (const histogram of ['test_size_bytes', 'test_time_seconds']) {
      const counts = samples.filter(({ name }) => name === `${histogram}_bucket`).map(({ value }) => value)
      expect(counts).toEqual(counts.toSorted((a, b) => a - b))
      expect(counts.at(-1)).toBe(one(samples, `${histogram}_count`))
    }
  })

  property.prop([fc.string({ unit: 'binary' })])('SEC-25: any text as the value of a label comes back', (text) => {
    const { samples } = parseExposition(prometheusText(filled(), { labels: { any: text }, format }))
    for (const { labels } of samples) expect(labels.get('any')).toBe(text.toWellFormed())
  })
})

test('OpenMetrics names the unit, and its counters without _total in the head', () => {
  const text = prometheusText(filled(), { format: 'openmetrics' })
  expect(text).toContain('# TYPE test_ended_bytes counter\n# UNIT test_ended_bytes bytes\ntest_ended_bytes_total{')
  expect(text).toContain(String.raw`# HELP test_level_bytes A \"level\" with`)
  expect(text.endsWith('\n# EOF\n')).toBe(true)
})

test('a label of the metric goes before one of the reader', () => {
  const { samples } = parseExposition(prometheusText(filled(), { labels: { outcome: 'reader' } }))
  const ended = samples.filter(({ name }) => name === 'test_ended_bytes_total')
  expect(ended.map(({ labels }) => labels.get('outcome'))).toEqual(['good', 'bad'])
})

test('half a surrogate pair does not spoil the text', () => {
  expect(prometheusText(filled(), { labels: { any: '\ud800' } })).toContain('any="\ufffd"')
})

test('the names of the log', () => {
  const families = Object.entries(coreMetrics).map(([name, { unit, help, kind }]) => ({
    name,
    unit,
    help,
    values: { kind: kind === 'duration' ? ('histogram' as const) : kind, series: [] },
  }))
  const text = prometheusText({ snapshot: () => ({ startedAt: 0, takenAt: 0, families }) })
  const names = [...parseExposition(text).types.keys()]
  expect(names).toHaveLength(families.length)
  expect(names).toEqual(
    expect.arrayContaining([
      'millrace_append_records_total',
      'millrace_append_size_bytes_total',
      'millrace_append_duration_seconds',
      'millrace_transactions_total',
      'millrace_tail_size_bytes',
      'millrace_log_failed',
    ]),
  )
})

test.for<[string, unknown]>([
  ['an unknown option', { lables: {} }],
  ['no object', 'text'],
  ['another format', { format: 'json' }],
  ['labels that are no texts', { labels: { a: 1 } }],
  ['labels that are no object', { labels: 'a' }],
  ['an empty name', { labels: { '': 'a' } }],
  ['a name with a digit first', { labels: { '1a': 'a' } }],
  ['a name with a dash', { labels: { 'a-b': 'a' } }],
  ['a name with a line break at its end', { labels: { 'a\n': 'a' } }],
  ['a name of Prometheus itself', { labels: { __name__: 'a' } }],
  ['the name of bounds', { labels: { le: '1' } }],
])('refused: %s', ([, options]) => {
  expect(() => prometheusText(filled(), options as PrometheusOptions)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(UNKNOWN|INVALID)_OPTION$/) }),
  )
})

function atMost(buckets: readonly Sample[], bound: string): number | undefined {
  return buckets.find(({ labels }) => labels.get('le') === bound)?.value
}

function one(samples: readonly Sample[], wanted: string): number | undefined {
  return samples.find(({ name }) => name === wanted)?.value
}
