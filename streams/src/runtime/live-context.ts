import type { Clock, Timer } from '@millrace/core'
import { Closers } from '../task/closers.ts'
import { Completions } from '../task/completions.ts'
import { Punctuators } from '../task/punctuators.ts'
import { RecordContext } from '../task/record-context.ts'
import type { GlobalStore, KeyValueStore, WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { DropReason, ErrorPolicy, Output, TaskContext } from '../task/task-context.ts'
import type { TaskState } from '../state/task-state.ts'
import { DropCounts } from './drop-counts.ts'
import type { GlobalTables } from './global-tables.ts'
import type { OnSkipped, Skipped } from './skipped.ts'
import type { TaskOutputs } from './task-outputs.ts'
import type { TaskTimes } from './task-times.ts'
import { taskTime } from '../time/task-time.ts'

export interface LiveParts {
  readonly state: TaskState
  readonly outputs: TaskOutputs
  readonly times: TaskTimes
  readonly globals: GlobalTables
  readonly onSkipped: OnSkipped
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** What the operators of a running task stand on. */
export class LiveContext implements TaskContext {
  readonly taskId: string
  readonly partition: number
  readonly errorPolicy: ErrorPolicy
  readonly record: RecordContext = new RecordContext()
  readonly closers: Closers = new Closers()
  /** Of the open step: a step that is not committed has dropped nothing. */
  readonly drops: DropCounts = new DropCounts()
  readonly punctuators: Punctuators
  readonly completions: Completions = new Completions()
  /** A processor asked for a commit in the open step. */
  wantsCommit = false
  node = ''
  private readonly parts: LiveParts

  constructor(taskId: string, partition: number, errorPolicy: ErrorPolicy, parts: LiveParts) {
    this.taskId = taskId
    this.partition = partition
    this.errorPolicy = errorPolicy
    this.parts = parts
    this.punctuators = new Punctuators(parts.times.of(taskTime), () => parts.clock.now())
  }

  keyValueStore<K, V>(name: string): KeyValueStore<K, V> {
    return this.parts.state.keyValueStore<K, V>(name)
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

  drop(reason: DropReason): void {
    this.drops.add(reason)
  }

  failed(error: unknown): void {
    this.skip(error, 'failed')
  }

  /** Counts and tells a record that is left out. */
  skip(error: unknown, reason: Skipped['reason']): void {
    const { topic, partition, offset } = this.record
    this.drops.add(reason)
    this.parts.onSkipped({ error, reason, node: this.node, task: this.taskId, topic, partition, offset })
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
