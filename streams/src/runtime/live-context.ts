import type { GlobalStore, KeyValueStore, WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import { RecordContext } from '../task/record-context.ts'
import type { DropReason, ErrorPolicy, Output, TaskContext } from '../task/task-context.ts'
import type { TaskState } from '../state/task-state.ts'
import type { DropCounts } from './drop-counts.ts'
import type { GlobalTables } from './global-tables.ts'
import type { TaskOutputs } from './task-outputs.ts'
import type { TaskTimes } from './task-times.ts'

/** What the operators of a running task stand on. */
export class LiveContext implements TaskContext {
  readonly taskId: string
  readonly partition: number
  readonly errorPolicy: ErrorPolicy
  readonly record: RecordContext = new RecordContext()
  node = ''
  private readonly parts: LiveParts
  private readonly closers: Closer[] = []
  private readonly dueClosers = new Set<Closer>()

  constructor(taskId: string, partition: number, errorPolicy: ErrorPolicy, parts: LiveParts) {
    this.taskId = taskId
    this.partition = partition
    this.errorPolicy = errorPolicy
    this.parts = parts
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
    return this.parts.times.of(operator)
  }

  output<K, V>(sink: string): Output<K, V> {
    return this.parts.outputs.output(sink)
  }

  drop(reason: DropReason): void {
    this.parts.drops.add(reason)
  }

  failed(error: unknown): void {
    this.parts.drops.add('failed')
    this.parts.onSkipped(error, this)
  }

  addCloser(closer: Closer): void {
    this.closers.push(closer)
  }

  due(closer: Closer): void {
    this.dueClosers.add(closer)
  }

  get hasDue(): boolean {
    return this.dueClosers.size > 0
  }

  /** Emits rows that are due, at most `limit` an operator. */
  closeDue(limit: number): void {
    for (const closer of this.dueClosers) {
      this.dueClosers.delete(closer)
      if (!closer.closeDue(limit)) continue
      this.dueClosers.add(closer)
      return
    }
  }

  endOfInput(): void {
    for (const closer of this.closers) closer.endOfInput()
  }
}

export interface LiveParts {
  readonly state: TaskState
  readonly outputs: TaskOutputs
  readonly times: TaskTimes
  readonly globals: GlobalTables
  readonly drops: DropCounts
  /** Hears of every error that the policy `skip` passed over. */
  readonly onSkipped: (error: unknown, context: LiveContext) => void
}
