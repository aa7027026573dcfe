import type { Distribution } from '../base/metrics.ts'

export interface Latencies {
  readonly avgMs: number
  readonly maxMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

export function latencies(times: Distribution): Latencies {
  const { count, sum, max } = times
  return {
    avgMs: count === 0 ? 0 : sum / count,
    maxMs: count === 0 ? 0 : max,
    p50Ms: times.percentile(50),
    p95Ms: times.percentile(95),
    p99Ms: times.percentile(99),
    p999Ms: times.percentile(99.9),
  }
}

/** What is measured, with how it is said behind its number. */
const words = {
  records: 'records',
  seconds: 's',
  recordsPerSec: 'records/s',
  megabytes: 'MB',
  megabytesPerSec: 'MB/s',
  avgMs: 'ms avg',
  maxMs: 'ms max',
  p50Ms: 'ms 50th',
  p95Ms: 'ms 95th',
  p99Ms: 'ms 99th',
  p999Ms: 'ms 99.9th',
} as const

type Results = Partial<Record<keyof typeof words, number>>

/** One line: `1000 records, 0.52 s, …`, or one object of JSON. */
export function perfLine(results: Results, json: boolean, out: (line: string) => void): void {
  const rounded = Object.entries(results).map(([name, value]) => [name, round(value)] as const)
  if (json) out(JSON.stringify(Object.fromEntries(rounded)))
  else out(rounded.map(([name, value]) => `${value} ${words[name as keyof typeof words]}`).join(', '))
}

/** Four digits say enough; whole ones stay. */
function round(value: number): number {
  return Number.isInteger(value) ? value : value >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
}
