import type { Clock } from '../base/clock.ts'
import { MillraceError } from '../base/errors.ts'
import type { CoreMetrics } from '../base/metric-catalogue.ts'
import type { Counter, Duration, Metrics } from '../base/metrics.ts'

/** Counts transactions by how they ended. */
export class TransactionMetrics {
  readonly aborted: Counter
  private readonly clock: Clock
  private readonly committed: Counter
  private readonly fenced: Counter
  private readonly failed: Counter
  private readonly offsetCommits: Counter
  private readonly duration: Duration

  constructor(metrics: Metrics<CoreMetrics>, clock: Clock) {
    this.clock = clock
    this.committed = metrics.counter('millrace.transactions', { outcome: 'committed' })
    this.aborted = metrics.counter('millrace.transactions', { outcome: 'aborted' })
    this.fenced = metrics.counter('millrace.transactions', { outcome: 'fenced' })
    this.failed = metrics.counter('millrace.transactions', { outcome: 'failed' })
    this.offsetCommits = metrics.counter('millrace.group.offset.commits')
    this.duration = metrics.duration('millrace.transaction.duration')
  }

  /** A commit, from the call on. */
  async ofCommit<T>(commit: Promise<T>, withOffsets: boolean): Promise<T> {
    const startedAt = this.clock.monotonic()
    try {
      const result = await commit
      this.committed.add()
      if (withOffsets) this.offsetCommits.add()
      this.duration.recordMs(this.clock.monotonic() - startedAt)
      return result
    } catch (error) {
      const isFenced = error instanceof MillraceError && error.outcome === 'fenced'
      ;(isFenced ? this.fenced : this.failed).add()
      throw error
    }
  }
}
