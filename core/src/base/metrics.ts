import type { MetricCatalogue, MetricKind, MetricRow } from './metric-catalogue.ts'

/**
 * The port through which the product counts and measures, and the one through which that is read.
 *
 * Invariants
 *   M1  An instrument is declared once, as a row of a catalogue; another name or label does not compile.
 *   M2  A handle is resolved once, when its owner is made. Recording through it allocates nothing and never throws: no metric
 *       stops the log, so a value that cannot be (negative, not a number) is left out.
 *   M3  Everything is in base units, seconds and bytes; only `Duration` takes milliseconds, which is what clocks here give.
 *   M4  Counters and histograms only rise, from the opening on; nothing resets them. Rates are the reader's to compute.
 */

/** Only rises. */
export interface Counter {
  /** By 1 without an argument. */
  add(count?: number): void
}

/** Rises and falls. For what somebody knows anyway `Metrics.observe` costs less: it is asked when it is read. */
export interface Gauge {
  add(change: number): void
  set(value: number): void
}

/** How values are distributed, in the unit of its row. */
export interface Histogram {
  record(value: number): void
}

/** How long things take. */
export interface Duration {
  recordMs(durationMs: number): void
}

/** The names in a catalogue of one kind. */
export type MetricName<C extends MetricCatalogue, K extends MetricKind> = {
  readonly [Name in keyof C & string]: C[Name]['kind'] extends K ? Name : never
}[keyof C & string]

/** One value for each label of a row. */
type LabelsOf<Row extends MetricRow> =
  Row['labels'] extends Readonly<Record<string, readonly string[]>>
    ? { readonly [Label in keyof Row['labels']]: Row['labels'][Label][number] }
    : never

/** What follows a name: the labels, for a row that has some. */
export type LabelArguments<Row extends MetricRow> = [LabelsOf<Row>] extends [never] ? [] : [labels: LabelsOf<Row>]

/** What records: handles by name. The same name and labels give the same handle. */
export interface Metrics<C extends MetricCatalogue> extends MetricsReader {
  counter<N extends MetricName<C, 'counter'>>(name: N, ...labels: LabelArguments<C[N]>): Counter
  gauge<N extends MetricName<C, 'gauge'>>(name: N, ...labels: LabelArguments<C[N]>): Gauge
  histogram<N extends MetricName<C, 'histogram'>>(name: N, ...labels: LabelArguments<C[N]>): Histogram
  duration<N extends MetricName<C, 'duration'>>(name: N, ...labels: LabelArguments<C[N]>): Duration
  /** A gauge that is asked when it is read: `read` must be cheap and must not throw. */
  observe<N extends MetricName<C, 'gauge'>>(name: N, read: () => number, ...labels: LabelArguments<C[N]>): void
}

/** What others read. */
export interface MetricsReader {
  /** Everything as it is now, a copy: what somebody holds a handle of, in the order of the catalogue. */
  snapshot(): MetricsSnapshot
}

export interface MetricsSnapshot {
  /** Wall clock, ms: when counting began, and now. */
  readonly startedAt: number
  readonly takenAt: number
  readonly families: readonly MetricFamily[]
}

/** All series of one name. */
export interface MetricFamily {
  /** As OpenTelemetry writes it: `millrace.append.records`. */
  readonly name: string
  /** In UCUM: `s`, `By`, or what is counted in braces: `{record}`. */
  readonly unit: string
  readonly help: string
  readonly values: NumberValues | HistogramValues
}

export interface NumberValues {
  readonly kind: 'counter' | 'gauge'
  readonly series: readonly { readonly labels: MetricLabels; readonly value: number }[]
}

export interface HistogramValues {
  readonly kind: 'histogram'
  readonly series: readonly { readonly labels: MetricLabels; readonly value: Distribution }[]
}

export type MetricLabels = Readonly<Record<string, string>>

/** What a histogram holds. Of values from 2^-20 to 2^34 its answers are off by less than 1 % of them. */
export interface Distribution {
  readonly count: number
  readonly sum: number
  /** Exact; 0 while there is none. */
  readonly min: number
  readonly max: number
  /** The smallest value that this share of all values does not exceed: `percentile(99)`. 0 while there is none. */
  percentile(percent: number): number
  /** How many values are at most `bound`; those up to 1.6 % above it may be among them. */
  countAtMost(bound: number): number
}
