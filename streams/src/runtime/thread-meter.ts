import type { MetricScope } from '../metrics/metric-scope.ts'
import type { StreamMetricRegistry } from '../metrics/metric-registry.ts'
import { Stat } from '../metrics/sampled.ts'
import { Timing } from '../metrics/timing.ts'
import { TaskMeter } from './task-meter.ts'

/**
 * What the loop of an instance counts and measures, over all its incarnations, and where its tasks get their meters from.
 *
 * The loop reads the clock once a slice, a poll and a commit anyway: nothing here reads it for a record.
 */
export class ThreadMeter {
  readonly registry: StreamMetricRegistry
  readonly threadId: string
  readonly process: Timing = new Timing()
  readonly punctuate: Timing = new Timing()
  readonly commit: Timing = new Timing()
  private readonly poll: Timing = new Timing()
  private readonly pollRecords = new Stat()
  private readonly turnRecords = new Stat()
  private readonly scope: MetricScope<'stream-thread-metrics'>
  private tasksOpened = 0
  private tasksClosed = 0
  /** Records before the turn that is on. */
  private recordsBefore = 0

  constructor(registry: StreamMetricRegistry, threadId: string) {
    this.registry = registry
    this.threadId = threadId
    this.scope = registry.open('stream-thread-metrics', { 'thread-id': threadId })
    this.show(registry.timeMs)
  }

  private show(startedAt: number): void {
    const { scope, process, punctuate, poll, commit } = this
    scope.timed('process', 'process-latency', process)
    scope.timed('punctuate', 'punctuate-latency', punctuate)
    scope.timed('poll', 'poll-latency', poll)
    scope.timed('commit', 'commit-latency', commit)
    scope.shareOfTime('process-ratio', () => process.spentMs)
    scope.shareOfTime('punctuate-ratio', () => punctuate.spentMs)
    scope.shareOfTime('poll-ratio', () => poll.spentMs)
    scope.shareOfTime('commit-ratio', () => commit.spentMs)
    scope.measured('process-records', this.turnRecords)
    scope.measured('poll-records', this.pollRecords)
    scope.counted('task-created', () => this.tasksOpened)
    scope.counted('task-closed', () => this.tasksClosed)
    scope.show('thread-start-time', () => startedAt)
  }

  openTask(taskId: string): TaskMeter {
    this.tasksOpened++
    return new TaskMeter(this, taskId, () => this.tasksClosed++)
  }

  polled(spentMs: number, records: number): void {
    this.poll.record(spentMs)
    this.pollRecords.record(records)
  }

  /** A turn of the loop has ended. */
  turned(nowMs: number): void {
    const records = this.process.count - this.recordsBefore
    if (records > 0) this.turnRecords.record(records)
    this.recordsBefore = this.process.count
    this.registry.tick(nowMs)
  }
}
