import type { Clock, MetricFamily, MetricsReader, MetricsSnapshot } from '@millrace/core'
import { MetricScope, type ScopedMetric } from './metric-scope.ts'
import { sampleWindowMs } from './sampled.ts'
import type { GroupName } from './stream-metric-catalogue.ts'
import { streamMetricGroups, type StreamMetricRow } from './stream-metric-rows.ts'

/** One metric as Kafka shows it: a name in a group, its tags, and its value now. */
export interface StreamMetric {
  /** `stream-task-metrics` and the like. */
  readonly group: string
  /** `process-total` and the like. */
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  /** In UCUM, or what is counted in braces. */
  readonly unit: string
  readonly help: string
  /** NaN: nothing was measured of late. */
  readonly value: number | string
}

/** What an application counts and measures, for its readers. */
export interface StreamsMetrics extends MetricsReader {
  /** Everything as it is now, with Kafka's names, in the order of the catalogue (KafkaStreams#metrics). */
  list(): readonly StreamMetric[]
  /**
   * The same numbers for `prometheusText` and `openTelemetryProducer`: `process-total` of `stream-task-metrics` is
   * `kafka_streams_stream_task_metrics_process_total` with labels as `task_id`. Texts and means of nothing are left out.
   */
  snapshot(): MetricsSnapshot
}

/**
 * All metrics of one application. Its parts come and go as scopes: a task opens some when it opens, and closes them when it closes.
 *
 * Invariants
 *   N1  Names, groups and tags are those of the catalogue; another name does not compile.
 *   N2  Nobody pays for a metric but who reads it: what is counted is counted in plain fields of its owner, and asked for here.
 *   N3  Rates and means are of windows that `tick` turns; the loop calls it once a turn, every reader too.
 */
export class StreamMetricRegistry implements StreamsMetrics {
  private readonly clock: Pick<Clock, 'now' | 'monotonic'>
  private readonly scopes = new Set<MetricScope<GroupName>>()
  private readonly startedAt: number
  private turnAt: number
  private isClosed = false

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.clock = clock
    this.startedAt = clock.now()
    this.turnAt = clock.monotonic() + sampleWindowMs
  }

  get nowMs(): number {
    return this.clock.monotonic()
  }

  /** Wall clock. */
  get timeMs(): number {
    return this.clock.now()
  }

  /** Series of one group with the same tags, until the scope is closed. */
  open<G extends GroupName>(group: G, tags: Readonly<Record<string, string>>): MetricScope<G> {
    const scope = new MetricScope(group, tags, this.nowMs, (closed) => this.scopes.delete(closed))
    if (!this.isClosed) this.scopes.add(scope as unknown as MetricScope<GroupName>)
    return scope
  }

  /** Turns the windows when it is time. */
  tick(nowMs: number): void {
    if (nowMs < this.turnAt) return
    const areBothOver = nowMs >= this.turnAt + sampleWindowMs
    for (const scope of this.scopes) {
      scope.turn(nowMs)
      if (areBothOver) scope.turn(nowMs)
    }
    this.turnAt = nowMs + sampleWindowMs
  }

  /** Nothing is shown any more, nor what opens from now on: of an application that was given up. */
  close(): void {
    this.isClosed = true
    this.scopes.clear()
  }

  list(): readonly StreamMetric[] {
    return this.named().flatMap(({ row: { group, name, unit, help }, series }) =>
      series.map(({ tags, value }) => ({ group, name, tags, unit, help, value })),
    )
  }

  snapshot(): MetricsSnapshot {
    const families = this.named().flatMap((named) => familyOf(named) ?? [])
    return { startedAt: this.startedAt, takenAt: this.timeMs, families }
  }

  private named(): NamedSeries[] {
    const { nowMs } = this
    this.tick(nowMs)
    const found = new Map<string, ScopedMetric[]>()
    for (const scope of this.scopes) {
      for (const metric of scope.read(nowMs)) {
        const id = `${scope.group} ${metric.name}`
        const series = found.get(id)
        if (series === undefined) found.set(id, [metric])
        else series.push(metric)
      }
    }
    return rows.flatMap((row) => {
      const series = found.get(`${row.group} ${row.name}`)
      return series === undefined ? [] : [{ row, series }]
    })
  }
}

const rows = streamMetricGroups.flatMap((group) => group.rows)

interface NamedSeries {
  readonly row: StreamMetricRow
  readonly series: readonly ScopedMetric[]
}

/** Undefined: it has no number now. */
function familyOf({ row: { group, name, kind, unit, help }, series }: NamedSeries): MetricFamily | undefined {
  if (kind === 'text') return undefined
  const numbers = series.flatMap(({ tags, value }) =>
    typeof value === 'string' || Number.isNaN(value) ? [] : [{ labels: labelsOf(tags), value }],
  )
  if (numbers.length === 0) return undefined
  // The reader of a counter adds its own `_total`.
  const stem = kind === 'counter' ? name.replace(/-total$/, '') : name
  return { name: `kafka.streams.${group}.${stem}`, unit, help, values: { kind, series: numbers } }
}

function labelsOf(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([tag, value]) => [tag.replaceAll('-', '_'), value]))
}
