import { coreError } from '../base/error-catalogue.ts'
import type { Distribution, MetricFamily, MetricLabels, MetricsReader } from '../base/metrics.ts'
import { isObject, isOneOf, readOptions, type OptionRules } from '../base/options.ts'
import { bucketBounds } from './bucket-bounds.ts'

/** How metrics are written for Prometheus. */
export interface PrometheusOptions {
  /** Stand at every series, say `{ instance: 'a' }`. A label of the metric itself with the same name goes before. */
  readonly labels?: Readonly<Record<string, string>>
  /** `prometheus` (default): exposition format 0.0.4. `openmetrics`: OpenMetrics 1.0. */
  readonly format?: 'prometheus' | 'openmetrics'
}

const rules: OptionRules<Required<PrometheusOptions>> = {
  labels: { check: isLabels, expected: 'texts by the names of labels', default: {} },
  format: { check: isOneOf('prometheus', 'openmetrics'), expected: 'prometheus or openmetrics', default: 'prometheus' },
}

/**
 * What a scrape answers, one text with all metrics. Its content type is `text/plain; version=0.0.4; charset=utf-8`, with the
 * format `openmetrics` `application/openmetrics-text; version=1.0.0; charset=utf-8`.
 * Names are `millrace_append_size_bytes_total` and the like; durations are seconds.
 * @throws UNKNOWN_OPTION, INVALID_OPTION (also for a label whose name Prometheus reserves)
 */
export function prometheusText(metrics: MetricsReader, given: PrometheusOptions = {}): string {
  const { labels, format } = readOptions<Required<PrometheusOptions>>('prometheusText', given, rules)
  for (const name of Object.keys(labels)) checkName(name)
  const open = format === 'openmetrics'
  const lines = metrics.snapshot().families.flatMap((family) => [...head(family, open), ...samples(family, labels)])
  if (open) lines.push('# EOF')
  return lines.map((line) => `${line}\n`).join('')
}

function isLabels(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
}

function checkName(name: string): void {
  if (/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) && name !== 'le' && name !== 'quantile') return
  throw coreError('INVALID_OPTION', {
    what: 'Prometheus has no such label',
    where: 'labels',
    expected: 'letters, digits and _, not first a digit or __, neither le nor quantile',
    received: name,
  })
}

function head(family: MetricFamily, open: boolean): string[] {
  const { unit, help, values } = family
  const total = nameOf(family)
  const name = open ? total.replace(/_total$/, '') : total
  const suffix = suffixOf(unit)
  const text = open ? escapeValue(help) : escapeHelp(help)
  const lines = [`# HELP ${name} ${text}`, `# TYPE ${name} ${values.kind}`]
  return open && suffix !== '' ? [...lines, `# UNIT ${name} ${suffix}`] : lines
}

function samples(family: MetricFamily, more: MetricLabels): string[] {
  const name = nameOf(family)
  const { values, unit } = family
  if (values.kind !== 'histogram') {
    return values.series.map(({ labels, value }) => sample(name, { ...more, ...labels }, value))
  }
  return values.series.flatMap(({ labels, value }) => buckets(name, { ...more, ...labels }, value, bucketBounds(unit)))
}

function buckets(name: string, labels: MetricLabels, value: Distribution, bounds: readonly number[]): string[] {
  return [
    ...bounds.map((bound) => sample(`${name}_bucket`, { ...labels, le: String(bound) }, value.countAtMost(bound))),
    sample(`${name}_bucket`, { ...labels, le: '+Inf' }, value.count),
    sample(`${name}_sum`, labels, value.sum),
    sample(`${name}_count`, labels, value.count),
  ]
}

function sample(name: string, labels: MetricLabels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeValue(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
}

/** By OpenTelemetry's rules for Prometheus: dots become underscores, then the unit, then `_total` for what only rises. */
function nameOf({ name, unit, values }: MetricFamily): string {
  const plain = name.replaceAll(/[^a-zA-Z0-9_:]/g, '_')
  const suffix = suffixOf(unit)
  return `${plain}${suffix === '' ? '' : `_${suffix}`}${values.kind === 'counter' ? '_total' : ''}`
}

/** What is counted (`{record}`) has no suffix. */
function suffixOf(unit: string): string {
  if (unit === 's') return 'seconds'
  return unit === 'By' ? 'bytes' : ''
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function escapeValue(text: string): string {
  return escapeHelp(text).replaceAll('"', String.raw`\"`)
}

function escapeHelp(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
}
