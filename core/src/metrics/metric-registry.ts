import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { MetricCatalogue, MetricKind, MetricRow } from '../base/metric-catalogue.ts'
import type {
  Counter,
  Duration,
  Gauge,
  Histogram,
  LabelArguments,
  MetricFamily,
  MetricLabels,
  MetricName,
  Metrics,
  MetricsSnapshot,
} from '../base/metrics.ts'
import { HdrHistogram } from './hdr-histogram.ts'

/** Keeps the instruments of one catalogue, in memory. */
export class MetricRegistry<C extends MetricCatalogue> implements Metrics<C> {
  private readonly catalogue: C
  private readonly clock: Clock
  private readonly startedAt: number
  private readonly counters = new Map<string, Series<CounterCell>[]>()
  private readonly gauges = new Map<string, Series<GaugeCell | ObservedCell>[]>()
  private readonly histograms = new Map<string, Series<HdrHistogram>[]>()

  constructor(catalogue: C, clock: Clock) {
    this.catalogue = catalogue
    this.clock = clock
    this.startedAt = clock.now()
  }

  counter<N extends MetricName<C, 'counter'>>(name: N, ...labels: LabelArguments<C[N]>): Counter {
    return this.resolve(this.counters, 'counter', name, labels[0], () => new CounterCell())
  }

  gauge<N extends MetricName<C, 'gauge'>>(name: N, ...labels: LabelArguments<C[N]>): Gauge {
    const cell = this.resolve<GaugeCell | ObservedCell>(this.gauges, 'gauge', name, labels[0], () => new GaugeCell())
    assert(cell instanceof GaugeCell, `${name} has an owner already`)
    return cell
  }

  histogram<N extends MetricName<C, 'histogram'>>(name: N, ...labels: LabelArguments<C[N]>): Histogram {
    return this.resolve(this.histograms, 'histogram', name, labels[0], () => new HdrHistogram())
  }

  duration<N extends MetricName<C, 'duration'>>(name: N, ...labels: LabelArguments<C[N]>): Duration {
    return new DurationHistogram(this.resolve(this.histograms, 'duration', name, labels[0], () => new HdrHistogram()))
  }

  observe<N extends MetricName<C, 'gauge'>>(name: N, read: () => number, ...labels: LabelArguments<C[N]>): void {
    const cell = new ObservedCell(read)
    assert(
      this.resolve<GaugeCell | ObservedCell>(this.gauges, 'gauge', name, labels[0], () => cell) === cell,
      `${name} has an owner already`,
    )
  }

  private resolve<T>(all: Map<string, Series<T>[]>, kind: MetricKind, name: string, labels: MetricLabels = {}, make: () => T): T {
    const row = Object.hasOwn(this.catalogue, name) ? this.catalogue[name] : undefined
    assert(row?.kind === kind, `no ${kind} is called ${name}`)
    checkLabels(name, row, labels)
    let family = all.get(name)
    if (family === undefined) {
      family = []
      all.set(name, family)
    }
    const found = family.find((series) => isEqual(series.labels, labels))
    if (found !== undefined) return found.cell
    const series = { labels: { ...labels }, cell: make() }
    family.push(series)
    return series.cell
  }

  snapshot(): MetricsSnapshot {
    const families = Object.entries(this.catalogue).flatMap(([name, row]) => this.family(name, row))
    return { startedAt: this.startedAt, takenAt: this.clock.now(), families }
  }

  /** None while nobody has asked for a handle. */
  private family(name: string, { unit, help }: MetricRow): MetricFamily[] {
    const values = this.values(name)
    return values === undefined ? [] : [{ name, unit, help, values }]
  }

  private values(name: string): MetricFamily['values'] | undefined {
    const counters = this.counters.get(name)
    if (counters !== undefined) return { kind: 'counter', series: counters.map(readNumber) }
    const gauges = this.gauges.get(name)
    if (gauges !== undefined) return { kind: 'gauge', series: gauges.map(readNumber) }
    const series = this.histograms.get(name)?.map(({ labels, cell }) => ({ labels, value: cell.copy() }))
    return series === undefined ? undefined : { kind: 'histogram', series }
  }
}

interface Series<T> {
  readonly labels: MetricLabels
  readonly cell: T
}

interface NumberCell {
  readonly value: number
}

class CounterCell implements Counter, NumberCell {
  value = 0

  add(count = 1): void {
    if (count >= 0 && count < Infinity) this.value += count
  }
}

class GaugeCell implements Gauge, NumberCell {
  value = 0

  add(change: number): void {
    this.set(this.value + change)
  }

  set(value: number): void {
    if (Number.isFinite(value)) this.value = value
  }
}

class ObservedCell implements NumberCell {
  private readonly read: () => number

  constructor(read: () => number) {
    this.read = read
  }

  get value(): number {
    return this.read()
  }
}

class DurationHistogram implements Duration {
  private readonly histogram: HdrHistogram

  constructor(histogram: HdrHistogram) {
    this.histogram = histogram
  }

  recordMs(durationMs: number): void {
    this.histogram.record(durationMs / 1000)
  }
}

/** What the compiler says already, for whoever got around it. */
function checkLabels(name: string, { labels: declaredLabels = {} }: MetricRow, labels: MetricLabels): void {
  const declared = Object.entries(declaredLabels)
  assert(declared.length === Object.keys(labels).length, `${name} has other labels`)
  for (const [label, values] of declared) {
    assert(values.includes(labels[label] ?? ''), `${name} has no ${label} ${labels[label]}`)
  }
}

function readNumber({ labels, cell }: Series<NumberCell>): { labels: MetricLabels; value: number } {
  return { labels, value: cell.value }
}

function isEqual(one: MetricLabels, other: MetricLabels): boolean {
  return Object.entries(one).every(([label, value]) => other[label] === value)
}
