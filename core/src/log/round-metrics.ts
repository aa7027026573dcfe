import type { Clock } from '../base/clock.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Counter, Duration, Histogram, Metrics } from '../base/metrics.ts'
import type { TailBatch } from './tail.ts'

/** What the rounds of the journal count: handles resolved once, one clock reading an event. */
export class RoundMetrics {
  private readonly clock: Clock
  private readonly records: Counter
  private readonly batches: Counter
  private readonly bytes: Counter
  private readonly refusals: Counter
  private readonly appendDuration: Duration
  private readonly flushDuration: Duration
  private readonly frameSize: Histogram

  constructor(metrics: Metrics<CoreMetrics>, clock: Clock) {
    this.clock = clock
    this.records = metrics.counter('millrace.append.records')
    this.batches = metrics.counter('millrace.append.batches')
    this.bytes = metrics.counter('millrace.append.size')
    this.refusals = metrics.counter('millrace.append.refused')
    this.appendDuration = metrics.duration('millrace.append.duration')
    this.flushDuration = metrics.duration('millrace.journal.flush.duration')
    this.frameSize = metrics.histogram('millrace.journal.frame.size')
  }

  /** A point in time for `flushed` and `acknowledged`. */
  start(): number {
    return this.clock.monotonic()
  }

  /** A frame stands in the journal. */
  flushed(startedAt: number, sizeBytes: number): void {
    this.flushDuration.recordMs(this.clock.monotonic() - startedAt)
    this.frameSize.record(sizeBytes)
  }

  durable({ bytes, baseOffset, nextOffset }: TailBatch): void {
    this.batches.add()
    this.records.add(nextOffset - baseOffset)
    this.bytes.add(bytes.length)
  }

  acknowledged(submittedAt: number): void {
    this.appendDuration.recordMs(this.clock.monotonic() - submittedAt)
  }

  refused(): void {
    this.refusals.add()
  }
}
