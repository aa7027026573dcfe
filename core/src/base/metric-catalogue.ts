/**
 * What the log counts and measures, as data.
 *
 * Names are OpenTelemetry's: dotted, without unit or `_total`. Prometheus' names follow from them by the rules of
 * OpenTelemetry's compatibility specification: `millrace.append.size` in `By` is `millrace_append_size_bytes_total`. Durations
 * are seconds, the base unit of both.
 *
 * Labels have a closed list of values, so that no number of topics, groups or clients makes the number of series grow.
 */
export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'duration'

export interface MetricRow {
  readonly kind: MetricKind
  /** In UCUM: `s`, `By`, or what is counted in braces: `{record}`. */
  readonly unit: string
  /** One sentence. */
  readonly help: string
  readonly labels?: Readonly<Record<string, readonly string[]>>
}

export type MetricCatalogue = Readonly<Record<string, MetricRow>>

const rows = {
  'millrace.append.records': {
    kind: 'counter',
    unit: '{record}',
    help: 'Records that became durable, those of internal topics included.',
  },
  'millrace.append.batches': { kind: 'counter', unit: '{batch}', help: 'Record batches that became durable.' },
  'millrace.append.size': { kind: 'counter', unit: 'By', help: 'Bytes of record batches that became durable.' },
  'millrace.append.refused': { kind: 'counter', unit: '{submission}', help: 'Submissions that the journal refused.' },
  'millrace.append.duration': {
    kind: 'duration',
    unit: 's',
    help: 'From the submission of batches to the journal until they are durable and visible.',
  },

  'millrace.journal.flush.duration': { kind: 'duration', unit: 's', help: 'Write and sync of one frame of the journal.' },
  'millrace.journal.frame.size': { kind: 'histogram', unit: 'By', help: 'Size of the frames of the journal.' },
  'millrace.journal.submissions.waiting': {
    kind: 'gauge',
    unit: '{submission}',
    help: 'Submissions that wait for the next frame of the journal.',
  },
  'millrace.checkpoint.duration': { kind: 'duration', unit: 's', help: 'Checkpoints that succeeded.' },
  'millrace.segment.write.duration': { kind: 'duration', unit: 's', help: 'Writes behind the journal to one segment.' },
  'millrace.segment.write.size': { kind: 'counter', unit: 'By', help: 'Bytes written from the tails to the segments.' },
  'millrace.tail.size': { kind: 'gauge', unit: 'By', help: 'Bytes of record batches kept in memory for readers.' },
  'millrace.tail.unwritten.size': { kind: 'gauge', unit: 'By', help: 'Bytes in memory and journal that no segment has yet.' },
  'millrace.partitions': { kind: 'gauge', unit: '{partition}', help: 'Partitions that are open.' },
  'millrace.partitions.failed': { kind: 'gauge', unit: '{partition}', help: 'Partitions that cannot be written or read.' },
  'millrace.segments.open': {
    kind: 'gauge',
    unit: '{file}',
    help: 'Files of segments that are open although nobody writes them.',
  },
  'millrace.segments.index.size': { kind: 'gauge', unit: 'By', help: 'Bytes of indexes in memory that readers may load again.' },
  'millrace.log.failed': {
    kind: 'gauge',
    unit: '{log}',
    help: '1 after an error of the journal: appends are refused until the log is opened again.',
  },

  'millrace.producer.waiting.size': {
    kind: 'gauge',
    unit: 'By',
    help: 'Bytes that producers were given and the journal has not acknowledged.',
  },

  'millrace.fetch.records': { kind: 'counter', unit: '{record}', help: 'Records handed to consumers.' },
  'millrace.fetch.size': { kind: 'counter', unit: 'By', help: 'Bytes of record batches handed to consumers.' },
  'millrace.fetch.duration': { kind: 'duration', unit: 's', help: 'One read of all assigned partitions, without waiting.' },

  'millrace.transactions': {
    kind: 'counter',
    unit: '{transaction}',
    help: 'Transactions by how they ended.',
    labels: { outcome: ['committed', 'aborted', 'fenced', 'failed'] },
  },
  'millrace.transaction.duration': { kind: 'duration', unit: 's', help: 'Transactions that committed, from the call on.' },

  'millrace.groups': { kind: 'gauge', unit: '{group}', help: 'Consumer groups with members.' },
  'millrace.group.members': { kind: 'gauge', unit: '{member}', help: 'Members of all consumer groups.' },
  'millrace.group.rebalances': { kind: 'counter', unit: '{rebalance}', help: 'New assignments of consumer groups.' },
  'millrace.group.offset.commits': { kind: 'counter', unit: '{commit}', help: 'Commits of offsets that became durable.' },
} as const

/** The catalogue of @millrace/core. */
export type CoreMetrics = typeof rows

export const coreMetrics: CoreMetrics = rows
