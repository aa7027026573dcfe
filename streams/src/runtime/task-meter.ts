import type { MetricScope } from '../metrics/metric-scope.ts'
import { Stat } from '../metrics/sampled.ts'
import { Timing } from '../metrics/timing.ts'
import type { GroupName } from '../metrics/stream-metric-catalogue.ts'
import type { Entry } from '../operators/build-topology.ts'
import type { Punctuators } from '../task/punctuators.ts'
import type { Rec } from '../task/rec.ts'
import type { DropCounts } from './drop-counts.ts'
import { NodeMeters, type MeteredNodes } from './node-meters.ts'
import type { RestoreListener } from './restore.ts'
import { StoreMetrics, type MeteredState } from './store-metrics.ts'
import type { ThreadMeter } from './thread-meter.ts'

/** What a task shows of itself. */
export interface MeteredTask extends MeteredNodes {
  readonly state: MeteredState
  readonly choice: { readonly enforced: number }
}

function sumOf(numbers: Iterable<number>): number {
  let sum = 0
  for (const one of numbers) sum += one
  return sum
}

/**
 * What one task counts and measures, from its opening to its closing.
 *
 * Invariants
 *   G1  A record costs some additions to plain fields: no clock, no text, no map, no allocation.
 *   G2  The first record of a slice is measured: the clock is read for it where it begins and ends, and in its stores.
 *   G3  What was dropped counts when its step is committed.
 */
export class TaskMeter {
  /** Taken from the inputs. */
  records = 0
  /** The next record is the one that is measured. */
  isSampling = false
  private readonly thread: ThreadMeter
  private readonly taskId: string
  private readonly onClosed: () => void
  private readonly scopes: { close(): void }[] = []
  private readonly process = new Timing()
  private readonly punctuate = new Timing()
  private readonly lateness = new Stat()
  private readonly drops = new Map<string, number>()
  private dropped = 0
  private commits = 0
  private restored = 0
  private readonly remaining = new Map<string, number>()
  private streamTime = -1
  /** Taken in order, and not recorded yet. */
  private punctual = 0
  /** Taken before the slice that is on. */
  private recordsBefore = 0
  private nodes: NodeMeters | null = null
  private stores: StoreMetrics | null = null
  private isClosed = false

  constructor(thread: ThreadMeter, taskId: string, onClosed: () => void) {
    this.thread = thread
    this.taskId = taskId
    this.onClosed = onClosed
    const scope = this.open('stream-task-metrics', {})
    scope.counted('restore', () => this.restored)
    scope.show('restore-remaining-records-total', () => sumOf(this.remaining.values()))
  }

  /** Series of this task, until it closes. */
  open<G extends GroupName>(group: G, tags: Readonly<Record<string, string>>): MetricScope<G> {
    const { threadId, registry } = this.thread
    const scope = registry.open(group, { 'thread-id': threadId, 'task-id': this.taskId, ...tags })
    this.scopes.push(scope)
    return scope
  }

  /** The task is built. */
  opened(task: MeteredTask): void {
    this.nodes = new NodeMeters(task, this)
    this.stores = new StoreMetrics(task.state, this, this.thread.registry)
    const scope = this.open('stream-task-metrics', {})
    const all = this.thread.process
    const [own, whole] = [scope.rise(() => this.process.spentMs), scope.rise(() => all.spentMs)]
    scope.timed('process', 'process-latency', this.process)
    scope.timed('punctuate', 'punctuate-latency', this.punctuate)
    scope.show('active-process-ratio', () => (whole.change > 0 ? own.change / whole.change : 0))
    scope.counted('commit', () => this.commits)
    scope.counted('enforced-processing', () => task.choice.enforced)
    scope.measured('record-lateness', this.lateness)
    scope.counted('dropped-records', () => this.dropped)
    scope.show('active-buffer-count', () => task.inputs.reduce((sum, { waiting }) => sum + waiting, 0))
    scope.show('input-buffer-bytes-total', () => task.inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  }

  /** A record is taken that can be read. */
  took(timestamp: number): void {
    if (timestamp < this.streamTime) return this.lateness.record(this.streamTime - timestamp)
    this.streamTime = timestamp
    this.punctual++
  }

  /** Hands the record that is measured to the entry of its topic. */
  sample(topic: string, entry: Entry, rec: Rec): void {
    const { timestamp } = rec
    const { registry } = this.thread
    this.isSampling = false
    this.nodes!.began(topic, registry.timeMs - timestamp)
    this.stores!.measure(true)
    try {
      entry.next(rec)
    } finally {
      this.stores!.measure(false)
    }
    this.nodes!.ended(registry.timeMs - timestamp)
  }

  /** The loop has left the task after so long. */
  sliced(spentMs: number): void {
    const records = this.records - this.recordsBefore
    if (records === 0) return
    this.recordsBefore = this.records
    this.lateness.recordZeros(this.punctual)
    this.punctual = 0
    this.process.record(spentMs, records)
    this.thread.process.record(spentMs, records)
  }

  /** Fires what is due, and measures it. */
  fire(punctuators: Pick<Punctuators, 'fire' | 'fired'>): void {
    const { registry } = this.thread
    const [beganMs, before] = [registry.nowMs, punctuators.fired]
    punctuators.fire()
    const count = punctuators.fired - before
    if (count === 0) return
    const spentMs = registry.nowMs - beganMs
    this.punctuate.record(spentMs, count)
    this.thread.punctuate.record(spentMs, count)
  }

  /** A step is committed, and has dropped so much. */
  committed(drops: DropCounts): void {
    this.commits++
    for (const [reason, count] of Object.entries(drops.snapshot())) this.drop(reason, count)
    this.nodes!.committed()
    this.stores!.committed()
  }

  private drop(reason: string, count: number): void {
    this.dropped += count
    const before = this.drops.get(reason)
    this.drops.set(reason, (before ?? 0) + count)
    if (before !== undefined) return
    this.open('stream-drop-metrics', { reason }).show('dropped-records-total', () => this.drops.get(reason)!)
  }

  /** Follows what is restored, and tells the listener. */
  following(listener: RestoreListener): RestoreListener {
    const before = new Map<string, number>()
    return (event) => {
      this.restored += event.records - (before.get(event.store) ?? 0)
      before.set(event.store, event.records)
      this.remaining.set(event.store, event.to - event.position)
      listener(event)
    }
  }

  /** Its series are gone. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const scope of this.scopes) scope.close()
    this.onClosed()
  }
}
