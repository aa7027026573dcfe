import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Counter, Duration, Metrics } from '../base/metrics.ts'
import type { Fetched } from './fetched-batches.ts'

/** Counts what consumers read. */
export class FetchMetrics {
  private readonly duration: Duration
  private readonly records: Counter
  private readonly size: Counter

  constructor(metrics: Metrics<CoreMetrics>) {
    this.duration = metrics.duration('millrace.fetch.duration')
    this.records = metrics.counter('millrace.fetch.records')
    this.size = metrics.counter('millrace.fetch.size')
  }

  /** What one look at the partitions has found, from the index `from` on; one that found nothing does not count. */
  count(found: readonly Fetched[], from: number, durationMs: number): void {
    if (found.length === from) return
    this.duration.recordMs(durationMs)
    for (let index = from; index < found.length; index++) {
      const { batch } = found[index]!
      this.records.add(batch.count)
      this.size.add(batch.sizeBytes)
    }
  }
}
