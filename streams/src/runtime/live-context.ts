import type { Clock, Timer } from '@millrace/core'
import { Closers } from '../task/closers.ts'
import { Completions } from '../task/completions.ts'
import { HeldUpdates } from '../task/held-updates.ts'
import { Punctuators } from '../task/punctuators.ts'
import { RecordContext } from '../task/record-context.ts'
import { Scans } from '../task/scans.ts'
import type { ExpiringStore, GlobalStore, KeyValueStore, WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { DropReason, ErrorPolicy, Output, TaskContext } from '../task/task-context.ts'
import type { TaskState } from '../state/task-state.ts'
import { DropCounts } from './drop-counts.ts'
import type { GlobalTables } from './global-tables.ts'
import { DeadLetters } from './dead-letters.ts'
import type { DropListener } from './dropped.ts'
import type { ErrorPolicies } from './error-policies.ts'
import type { Retries } from './retries.ts'
import { TaskFaults } from './task-faults.ts'
import type { TaskOutputs } from './task-outputs.ts'
import type { TaskTimes } from './task-times.ts'
import { taskTime } from '../time/task-time.ts'

export interface LiveParts {
  readonly state: TaskState
  readonly outputs: TaskOutputs
  readonly times: TaskTimes
  readonly globals: GlobalTables
  readonly policies: ErrorPolicies
  readonly retries: Retries
  readonly onDropped: DropListener
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** What the operators of a running task stand on. */
export class LiveContext implements TaskContext {
  readonly taskId: string
  readonly partition: number
  /** Of user code. `skip`: it asks here what becomes of the failure, whatever the policy is. */
  readonly errorPolicy: ErrorPolicy
  /** Of the records that sinks write. */
  readonly writePolicy: ErrorPolicy
  readonly record: RecordContext = new RecordContext()
  readonly closers: Closers = new Closers()
  /** Of the open step: a step that is not committed has dropped nothing. */
  readonly drops: DropCounts = new DropCounts()
  readonly punctuators: Punctuators
  readonly faults: TaskFaults
  readonly completions: Completions = new Completions()
  readonly held: HeldUpdates = new HeldUpdates()
  readonly scans: Scans = new Scans()
  /** A processor asked for a commit in the open step. */
  wantsCommit = false
  node = ''
  private readonly parts: LiveParts

  constructor(taskId: string, partition: number, parts: LiveParts) {
    const { policies, outputs } = parts
    this.taskId = taskId
    this.partition = partition
    this.errorPolicy = policies.process === 'fail' ? 'fail' : 'skip'
    this.writePolicy = policies.write === 'fail' ? 'fail' : 'skip'
    this.parts = parts
    this.punctuators = new Punctuators(parts.times.of(taskTime), () => parts.clock.now())
    const deadLetters = policies.deadLetters === null ? null : new DeadLetters(policies.deadLetters.topic, outputs, this)
    const { record, drops, punctuators } = this
    this.faults = new TaskFaults({ ...parts, task: taskId, record, drops, punctuators, deadLetters })
  }

  keyValueStore<K, V>(name: string): KeyValueStore<K, V> {
    return this.parts.state.keyValueStore<K, V>(name)
  }

  expiringStore<K, V>(name: string): ExpiringStore<K, V> {
    return this.parts.state.expiringStore<K, V>(name)
  }

  windowStore<K, V>(name: string): WindowStore<K, V> {
    return this.parts.state.windowStore<K, V>(name)
  }

  globalStore<K, V>(name: string): GlobalStore<K, V> {
    return this.parts.globals.store<K, V>(name)
  }

  streamTime(operator: string): StreamTime {
    return this.parts.times.of(operator)!
  }

  output<K, V>(sink: string): Output<K, V> {
    return this.parts.outputs.output(sink, this)
  }

  drop(reason: DropReason, node: string | null = null): void {
    this.faults.dropped(reason, node)
  }

  failed(error: unknown, decided?: ErrorPolicy): void {
    if (decided === 'skip') this.faults.skipped(error, this.node)
    else this.faults.failed(error, this.node)
  }

  unwritten(error: unknown): void {
    this.faults.unwritten(error, this.node)
  }

  requestCommit(): void {
    this.wantsCommit = true
  }

  after(delayMs: number, work: () => void): Timer {
    return this.parts.clock.after(delayMs, work)
  }

  addCloser(closer: Closer): void {
    this.closers.add(closer)
  }

  addLoop(): void {
    this.closers.addLoop()
  }

  due(closer: Closer): void {
    this.closers.due(closer)
  }
}
