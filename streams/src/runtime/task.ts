import type { CommittedPosition, ConsumedBatch, ConsumedRecord, OutgoingBatch, Producer, TransactionResult } from '@millrace/core'
import { MillraceError } from '@millrace/core'
import type { TaskTopology } from '../operators/build-topology.ts'
import type { SourceSpec, SubTopology, TaskSpec } from '../plan/plan.ts'
import type { StoreMark } from '../state/state-marks.ts'
import type { TaskState } from '../state/task-state.ts'
import { Rec } from '../task/rec.ts'
import { streamError } from '../time/stream-errors.ts'
import type { InputQueue } from './input-queue.ts'
import type { LiveContext } from './live-context.ts'
import { encodeMetadata } from './offset-metadata.ts'
import type { TaskOutputs } from './task-outputs.ts'
import type { TaskTimes } from './task-times.ts'

/**
 * One task: its inputs, its topology, its state, and the step that is open.
 *
 * Invariants
 *   K1  Positions, stream times, outputs and changes of a step are taken together, between two events of the loop.
 *   K2  A step that failed is never committed in part: the task is closed and opened again.
 *   K3  A task has ended when every input has, every closed window is emitted, and all of it is committed.
 */
export interface TaskParts {
  readonly spec: TaskSpec
  readonly subTopology: SubTopology
  readonly inputs: readonly InputQueue[]
  readonly state: TaskState
  readonly outputs: TaskOutputs
  readonly times: TaskTimes
  readonly context: LiveContext
  readonly topology: TaskTopology
  readonly producer: Producer
  /** The metadata says that it has ended. */
  readonly ended: boolean
}

/** What a task gives to a commit. */
export interface TaskStep {
  readonly batches: readonly OutgoingBatch[]
  readonly positions: readonly CommittedPosition[]
  /** The commit is decided: `result.appended` from `first` on are this task's. */
  committed(result: TransactionResult, first: number, time: number): void
}

type Progress = 'running' | 'closing' | 'ending' | 'ended'

/** Rows of closed windows emitted in one event. */
const closeLimit = 500

export class Task {
  readonly id: string
  readonly state: TaskState
  readonly inputs: readonly InputQueue[]
  readonly spec: TaskSpec
  private readonly parts: TaskParts
  private readonly sources: ReadonlyMap<string, SourceSpec>
  private progress: Progress
  private committedPositions = new Map<InputQueue, number>()
  private processed = 0
  private hasWork = false

  constructor(parts: TaskParts) {
    this.id = parts.spec.id
    this.spec = parts.spec
    this.parts = parts
    this.state = parts.state
    this.inputs = parts.inputs
    this.sources = new Map(parts.subTopology.sources.map((source) => [source.topic, source]))
    this.progress = parts.ended ? 'ended' : 'running'
    for (const input of parts.inputs) this.committedPositions.set(input, input.position)
  }

  get hasEnded(): boolean {
    return this.progress === 'ended'
  }

  /** Records processed since it was opened. */
  get recordCount(): number {
    return this.processed
  }

  /** Bytes of outputs and changes that wait for the commit, the latter estimated by their number. */
  uncommittedBytes(bytesPerChange: number): number {
    return this.parts.outputs.sizeBytes + this.state.openChanges * bytesPerChange
  }

  /** Something has happened since the last commit. */
  get isDirty(): boolean {
    return this.hasWork
  }

  enqueue(input: InputQueue, batch: ConsumedBatch): void {
    input.push(batch)
    input.caughtUp = false
  }

  /**
   * Handles events, at most `limit`: records, some rows of closed windows, the end of the input. Returns how many; fewer
   * than `limit` means that nothing waits.
   */
  process(limit: number): number {
    try {
      let events = 0
      while (events < limit && this.step()) events++
      return events
    } catch (cause) {
      throw this.explain(cause)
    }
  }

  private step(): boolean {
    if (this.progress === 'ended' || this.progress === 'ending') return false
    if (this.parts.context.hasDue) return this.closeWindows()
    if (this.progress === 'closing') return this.end()
    const input = this.choose()
    if (input !== undefined) return this.take(input)
    return this.inputs.every((one) => one.hasEnded) && this.endInput()
  }

  private closeWindows(): true {
    this.hasWork = true
    this.parts.context.closeDue(closeLimit)
    return true
  }

  private endInput(): true {
    this.hasWork = true
    this.progress = 'closing'
    this.setEvent()
    this.parts.context.endOfInput()
    return true
  }

  /** Everything that the end of the input closes is emitted: the next commit says that the task has ended. */
  private end(): true {
    this.progress = 'ending'
    return true
  }

  /** The event of no record: windows that the end of the input closes. */
  private setEvent(): void {
    const { record } = this.parts.context
    record.topic = this.inputs[0]?.topic ?? ''
    record.partition = this.spec.partition
    record.offset = -1
  }

  /** The input whose next record is the oldest; none while an input that may still have an older one is empty. */
  private choose(): InputQueue | undefined {
    let chosen: InputQueue | undefined
    let oldest = Infinity
    for (const input of this.inputs) {
      const record = input.peek()
      if (record === undefined) {
        if (!input.caughtUp && !input.hasEnded) return undefined
      } else if (record.timestamp < oldest) {
        oldest = record.timestamp
        chosen = input
      }
    }
    return chosen
  }

  private take(input: InputQueue): true {
    const raw = input.peek()!
    this.hasWork = true
    this.processed++
    this.setRecord(input, raw)
    const rec = this.decode(input, raw)
    if (rec !== null) this.parts.topology.source(input.topic).next(rec)
    input.take(raw)
    return true
  }

  private setRecord(input: InputQueue, raw: ConsumedRecord): void {
    const { record } = this.parts.context
    record.topic = input.topic
    record.partition = input.partition
    record.offset = raw.offset
    record.timestamp = raw.timestamp
    record.headers = raw.headers
  }

  /** Null: dropped and counted. */
  private decode(input: InputQueue, raw: ConsumedRecord): Rec | null {
    const source = this.sources.get(input.topic)!
    const { context } = this.parts
    context.node = source.node
    try {
      return new Rec(
        raw.key === null ? null : source.key.read(raw.key),
        raw.value === null ? null : source.value.read(raw.value),
        raw.timestamp,
      )
    } catch (cause) {
      if (context.errorPolicy === 'fail') throw this.unreadable(source, cause)
      context.drop('undecodable')
      return null
    }
  }

  private unreadable(source: SourceSpec, cause: unknown): MillraceError {
    return streamError('VALUE_UNREADABLE', {
      what: `a record cannot be read by serdes ${source.key.name} and ${source.value.name}: ${messageOf(cause)}`,
      where: this.where,
      cause,
    })
  }

  private get where(): string {
    const { record, node } = this.parts.context
    return `${node}, task ${this.id}, ${record.topic}-${record.partition} at offset ${record.offset}`
  }

  private explain(cause: unknown): unknown {
    if (cause instanceof MillraceError) return cause
    return streamError('USER_CODE_FAILED', { what: `user code threw: ${messageOf(cause)}`, where: this.where, cause })
  }

  /** Takes the open step for a commit; the next one begins. */
  freeze(): TaskStep {
    const { outputs, state } = this.parts
    const batches = outputs.take()
    const changelogs = new Map<string, OutgoingBatch>()
    state.freeze((store) => {
      const batch = this.parts.producer.batch(this.changelogOf(store), this.spec.partition)
      changelogs.set(store, batch)
      return batch
    })
    const positions = this.positions()
    const ending = this.progress === 'ending'
    this.hasWork = false
    return {
      batches: [...batches, ...changelogs.values()],
      positions,
      committed: (result, first, time) => {
        const marks = [...changelogs.keys()].map((store, index) => markOf(store, result, first + batches.length + index))
        state.commitSucceeded(marks, time)
        if (ending) this.progress = 'ended'
      },
    }
  }

  private changelogOf(store: string): string {
    return this.parts.subTopology.stores.find(({ name }) => name === store)!.changelog
  }

  /** Where the inputs stand, with times and ends; inputs that nothing happened to are left out. */
  private positions(): CommittedPosition[] {
    return this.inputs.flatMap((input, index) => {
      const first = index === 0
      const position = input.position
      if (!first && this.committedPositions.get(input) === position) return []
      this.committedPositions.set(input, position)
      return [{ topic: input.topic, partition: input.partition, offset: position, metadata: this.metadata(input, first) }]
    })
  }

  private metadata(input: InputQueue, first: boolean): string {
    return encodeMetadata({
      ended: first && this.progress === 'ending',
      endOffset: input.limit === Infinity ? null : input.limit,
      times: first ? this.parts.times.snapshot() : [],
    })
  }

  /** The whole position of a task that is new in a bounded application, so that its ends are fixed for good. */
  initialPositions(): CommittedPosition[] {
    return this.inputs.map((input, index) => ({
      topic: input.topic,
      partition: input.partition,
      offset: input.position,
      metadata: this.metadata(input, index === 0),
    }))
  }

  async close(): Promise<void> {
    this.parts.topology.close()
    await this.state.close()
  }

  async abandon(): Promise<void> {
    this.parts.topology.close()
    await this.state.abandon()
  }
}

/** The epoch of the log is not known to a producer: the producer's own identity tells one transaction from another. */
function markOf(store: string, result: TransactionResult, index: number): StoreMark {
  const { baseOffset, count } = result.appended[index]!
  const { producerId, producerEpoch } = result
  return { store, position: baseOffset + count, newestOffset: baseOffset + count - 1, producerId, producerEpoch, leaderEpoch: -1 }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
