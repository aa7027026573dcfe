import type { Distribution, MetricFamily, MetricLabels, MetricsReader, MetricsSnapshot } from '../base/metrics.ts'
import { isObject, readOptions, type OptionRules } from '../base/options.ts'
import { bucketBounds } from './bucket-bounds.ts'

/**
 * Metrics for OpenTelemetry's SDK, as a `MetricProducer`: the way by which a reader takes in what others have measured. A Meter
 * would not do, since it has no histogram that is asked only when it is read: every measurement would pay for it.
 *
 * The types are those of @opentelemetry/sdk-metrics as far as they are needed, so that there is no dependency.
 */
export interface OpenTelemetryProducer {
  collect(): Promise<OpenTelemetryCollection>
}

export interface OpenTelemetryOptions {
  /** Stand at every data point. An attribute of the metric itself with the same name goes before. */
  readonly attributes?: Readonly<Record<string, string>>
}

export interface OpenTelemetryCollection {
  readonly resourceMetrics: {
    readonly resource: OpenTelemetryResource
    readonly scopeMetrics: { readonly scope: { readonly name: string }; readonly metrics: OpenTelemetryMetric[] }[]
  }
  readonly errors: unknown[]
}

/** Without attributes: the reader takes the resource of its own SDK. */
interface OpenTelemetryResource {
  readonly attributes: Record<string, string>
  merge<R>(other: R | null): R
  getRawAttributes(): never[]
}

type OpenTelemetryMetric = SumMetric | GaugeMetric | HistogramMetric

interface Metric<Type extends number, Value> {
  readonly descriptor: {
    readonly name: string
    readonly description: string
    readonly unit: string
    readonly valueType: typeof doubleValues
  }
  readonly aggregationTemporality: typeof cumulative
  readonly dataPointType: Type
  readonly dataPoints: DataPoint<Value>[]
}

interface SumMetric extends Metric<typeof sumPoints, number> {
  readonly isMonotonic: boolean
}

type GaugeMetric = Metric<typeof gaugePoints, number>
type HistogramMetric = Metric<typeof histogramPoints, Buckets>

interface DataPoint<Value> {
  readonly startTime: [seconds: number, nanoseconds: number]
  readonly endTime: [seconds: number, nanoseconds: number]
  readonly attributes: Record<string, string>
  readonly value: Value
}

interface Buckets {
  readonly buckets: { boundaries: number[]; counts: number[] }
  readonly count: number
  readonly sum: number
  readonly min?: number
  readonly max?: number
}

/** Numbers of the SDK's enumerations. */
const histogramPoints = 0
const gaugePoints = 2
const sumPoints = 3
const cumulative = 1
const doubleValues = 1

const rules: OptionRules<Required<OpenTelemetryOptions>> = {
  attributes: { check: isAttributes, expected: 'texts by name', default: {} },
}

function isAttributes(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
}

/**
 * What a reader of OpenTelemetry's SDK asks at each collection:
 *
 *     new PeriodicExportingMetricReader({ exporter, metricProducers: [openTelemetryProducer(log.metrics)] })
 *
 * Everything is cumulative from the opening of the log on; durations are seconds.
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function openTelemetryProducer(metrics: MetricsReader, given: OpenTelemetryOptions = {}): OpenTelemetryProducer {
  const { attributes } = readOptions<Required<OpenTelemetryOptions>>('openTelemetryProducer', given, rules)
  return {
    collect: async () => {
      const snapshot = metrics.snapshot()
      const found = snapshot.families.map((family) => metricOf(family, snapshot, attributes))
      return { resourceMetrics: { resource, scopeMetrics: [{ scope: { name: '@millrace/core' }, metrics: found }] }, errors: [] }
    },
  }
}

const resource: OpenTelemetryResource = {
  attributes: {},
  merge: <R>(other: R | null): R => other ?? (resource as R),
  getRawAttributes: () => [],
}

function metricOf(family: MetricFamily, snapshot: MetricsSnapshot, more: MetricLabels): OpenTelemetryMetric {
  const { name, unit, help, values } = family
  const descriptor = { name, description: help, unit, valueType: doubleValues } as const
  const point = <Value>(labels: MetricLabels, value: Value): DataPoint<Value> => ({
    startTime: timeOf(snapshot.startedAt),
    endTime: timeOf(snapshot.takenAt),
    attributes: { ...more, ...labels },
    value,
  })
  const common = { descriptor, aggregationTemporality: cumulative } as const
  if (values.kind === 'histogram') {
    const bounds = bucketBounds(unit)
    const dataPoints = values.series.map(({ labels, value }) => point(labels, bucketsOf(value, bounds)))
    return { ...common, dataPointType: histogramPoints, dataPoints }
  }
  const dataPoints = values.series.map(({ labels, value }) => point(labels, value))
  if (values.kind === 'gauge') return { ...common, dataPointType: gaugePoints, dataPoints }
  return { ...common, dataPointType: sumPoints, isMonotonic: true, dataPoints }
}

/** Counts between the bounds, one more than there are bounds. */
function bucketsOf(value: Distribution, bounds: readonly number[]): Buckets {
  const { count, sum, min, max } = value
  let before = 0
  const counts = [...bounds.map((bound) => value.countAtMost(bound)), count].map((atMost) => {
    const between = atMost - before
    before = atMost
    return between
  })
  const buckets = { boundaries: [...bounds], counts }
  return count === 0 ? { buckets, count, sum } : { buckets, count, sum, min, max }
}

function timeOf(timestamp: number): [number, number] {
  const seconds = Math.floor(timestamp / 1000)
  return [seconds, Math.round((timestamp - seconds * 1000) * 1e6)]
}
