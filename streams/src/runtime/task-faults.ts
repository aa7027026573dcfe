import type { ConsumedRecord } from '@millrace/core'
import type { Punctuators } from '../task/punctuators.ts'
import type { RecordContext } from '../task/record-context.ts'
import type { DropReason } from '../task/task-context.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { DropCounts } from './drop-counts.ts'
import type { DropListener } from './dropped.ts'
import type { ErrorHandling, ErrorPolicies } from './error-policies.ts'
import type { Retries } from './retries.ts'
import { tell } from './tell.ts'

export interface TaskFaultsParts {
  readonly task: string
  readonly policies: ErrorPolicies
  readonly retries: Retries
  readonly record: RecordContext
  readonly punctuators: Pick<Punctuators, 'isByClock'>
  /** Of the open step. */
  readonly drops: DropCounts
  readonly onDropped: DropListener
  /** Null: the application has no such topic. */
  readonly deadLetters: DeadLetters | null
}

/**
 * Everything that goes wrong with the records of a task, and what the policies make of it.
 *
 * Invariants
 *   P1  A record that is left out is counted, told and, where the policy says so, written to the dead-letter topic: in the step that
 *       left it out, so that a step that is not committed has left nothing out.
 *   P2  What is thrown from here goes to the loop, and the step is not committed.
 */
export class TaskFaults {
  private readonly parts: TaskFaultsParts
  /** A call to the outside has ended: it had its own tries. */
  private isCompletion = false
  /** The record that the task took last, and its topic; null: another event. */
  private taken: { readonly topic: string; readonly raw: ConsumedRecord } | null = null

  constructor(parts: TaskFaultsParts) {
    this.parts = parts
  }

  /** The task takes a record. */
  taking(topic: string, raw: ConsumedRecord): void {
    this.isCompletion = false
    const { deadLetters } = this.parts
    if (deadLetters === null) return
    this.taken = { topic, raw }
    deadLetters.next()
  }

  /** Something that no record caused. */
  otherEvent(): void {
    this.isCompletion = false
    this.taken = null
    this.parts.deadLetters?.next()
  }

  /** A call to the outside has ended. */
  completing(): void {
    this.otherEvent()
    this.isCompletion = true
  }

  /** A record does not decode. @throws the error under `fail` */
  unread(error: unknown, node: string): void {
    this.handle(this.parts.policies.read, error, { reason: 'undecodable', node })
  }

  /** The operator has decided to go on without it. */
  skipped(error: unknown, node: string): void {
    this.handle('skip', error, { reason: 'failed', node })
  }

  /** User code threw. @throws the error under `fail`, PROCESSING_RETRIED */
  failed(error: unknown, node: string): void {
    const { process } = this.parts.policies
    if (typeof process === 'string') return this.handle(process, error, { reason: 'failed', node })
    if (this.isCompletion) return this.handle(process.otherwise, error, { reason: 'failed', node })
    const { task, record, retries, punctuators } = this.parts
    const { topic, partition, offset, timestamp } = record
    const time = offset < 0 && punctuators.isByClock ? null : timestamp
    const again = retries.again({ task, node, topic, partition, offset, time }, process, error)
    if (again !== null) throw again
    this.handle(process.otherwise, error, { reason: 'failed', node })
  }

  /** A record does not encode, or its topic does not take it. @throws the error under `fail` */
  unwritten(error: unknown, node: string): void {
    this.handle(this.parts.policies.write, error, { reason: 'failed', node })
  }

  /** An operator leaves a record out by itself. */
  dropped(reason: DropReason, node: string | null): void {
    const { policies, deadLetters } = this.parts
    if (policies.deadLetters?.drops === true) deadLetters?.leftOut(this.rawOfRecord, { reason, node, error: null })
    this.leaveOut(reason, node, null)
  }

  private handle(handling: ErrorHandling, error: unknown, { reason, node }: { reason: DropReason; node: string }): void {
    if (handling === 'fail') throw error
    if (handling === 'deadLetter') this.parts.deadLetters!.failed(this.rawOfRecord, { reason, node, error })
    this.leaveOut(reason, node, error)
  }

  /** Null: what is worked on is not the record that was taken last. */
  private get rawOfRecord(): ConsumedRecord | null {
    const { topic, offset } = this.parts.record
    return this.taken?.topic === topic && this.taken.raw.offset === offset ? this.taken.raw : null
  }

  private leaveOut(reason: DropReason, node: string | null, error: unknown): void {
    const { drops, record, task, onDropped } = this.parts
    const { topic, partition, offset } = record
    drops.add(reason)
    tell(onDropped, { reason, error, node, task, topic, partition, offset })
  }
}
