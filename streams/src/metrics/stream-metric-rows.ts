import { streamMetrics, type Sensor } from './stream-metric-catalogue.ts'

/** Metrics that stand together, with the same tags. */
export interface StreamMetricGroup {
  /** `stream-task-metrics` and the like. */
  readonly name: string
  /** What tells the series of a metric apart. */
  readonly tags: readonly string[]
  readonly help: string
  readonly rows: readonly StreamMetricRow[]
}

/** One metric of the catalogue: what Kafka calls a metric's template. */
export interface StreamMetricRow {
  readonly group: string
  /** `process-total` and the like. */
  readonly name: string
  /** `counter`: only rises. `text`: not a number. */
  readonly kind: 'counter' | 'gauge' | 'text'
  /** In UCUM, or what is counted in braces; `1`: a share, or a number of no unit. */
  readonly unit: string
  /** One sentence. */
  readonly help: string
  /** Kafka Streams has no such metric. */
  readonly own: boolean
}

type Shown = Pick<StreamMetricRow, 'name' | 'kind' | 'unit' | 'help'>

/** The names that a sensor shows. */
function shown(stem: string, { kind, unit, help }: Sensor): readonly Shown[] {
  const gauge = (ending: string, sentence: string, of: string = unit): Shown => {
    return { name: `${stem}-${ending}`, kind: 'gauge', unit: of, help: sentence }
  }
  const mean = gauge('avg', `Mean: ${help}.`)
  const greatest = gauge('max', `Greatest: ${help}.`)
  switch (kind) {
    case 'counted':
      return [
        gauge('rate', `A second: ${help}.`, `${unit}/s`),
        { name: `${stem}-total`, kind: 'counter', unit, help: `In all: ${help}.` },
      ]
    case 'measured':
      return [mean, greatest]
    case 'spread':
      return [mean, gauge('min', `Smallest: ${help}.`), greatest]
    default:
      return [{ name: stem, kind, unit, help }]
  }
}

/** All metrics that there can be, in the order in which they are shown. */
export const streamMetricGroups: readonly StreamMetricGroup[] = Object.entries(streamMetrics).map(
  ([name, { tags, help, sensors }]) => {
    const rows = Object.entries<Sensor>(sensors).flatMap(([stem, sensor]) =>
      shown(stem, sensor).map((row) => ({ group: name, own: sensor.own === true, ...row })),
    )
    return { name, tags, help, rows }
  },
)
