/**
 * What a task writes to the dead-letter topic of its application.
 *
 *   key, value, timestamp    of the record that came in, its bytes as they were; null for an event that no record caused
 *   headers                  its own, then those of KIP-1034, then the reason and the node
 *
 * Invariants
 *   D1  A dead letter is an output of the step like any other: it is there exactly if the step is committed.
 *   D2  What the operators drop of one record for one reason is one letter, however many windows it was too late for.
 *
 * Unlike Kafka the headers of the record itself stay, so that it can be given back as it was.
 */
import type { ConsumedRecord, Header } from '@millrace/core'
import { MillraceError } from '@millrace/core'
import type { DropReason, TaskContext } from '../task/task-context.ts'
import { located, messageOf, placeIn } from './explain.ts'
import type { TaskOutputs } from './task-outputs.ts'

/** What a letter says of its cause. */
interface Cause {
  readonly reason: DropReason
  readonly node: string | null
  /** Null: nothing was thrown. */
  readonly error: unknown
}

/** A stack is there to be read; a deep one must not make a small record a large one. */
const longestStack = 8_000

export class DeadLetters {
  readonly topic: string
  private readonly outputs: TaskOutputs
  private readonly place: Pick<TaskContext, 'node' | 'taskId' | 'record'>
  private readonly dropped = new Set<DropReason>()

  constructor(topic: string, outputs: TaskOutputs, place: Pick<TaskContext, 'node' | 'taskId' | 'record'>) {
    this.topic = topic
    this.outputs = outputs
    this.place = place
  }

  /** Another event begins. */
  next(): void {
    if (this.dropped.size > 0) this.dropped.clear()
  }

  /** @throws RECORD_TOO_LARGE when the topic takes less than the one that the record comes from */
  failed(raw: ConsumedRecord | null, cause: Cause): void {
    try {
      this.write(raw, this.headersOf(cause, stackOf(cause.error)))
    } catch (error) {
      if (!isTooLarge(error)) throw error
      this.writeWithoutStack(raw, cause)
    }
  }

  /** What an operator left out by itself. @throws as `failed` */
  leftOut(raw: ConsumedRecord | null, cause: Cause): void {
    if (this.dropped.has(cause.reason)) return
    this.dropped.add(cause.reason)
    this.failed(raw, cause)
  }

  private writeWithoutStack(raw: ConsumedRecord | null, cause: Cause): void {
    try {
      this.write(raw, this.headersOf(cause, null))
    } catch (error) {
      throw isTooLarge(error) ? located(error, `dead-letter topic ${this.topic}, ${placeIn(this.place)}`) : error
    }
  }

  private write(raw: ConsumedRecord | null, headers: readonly Header[]): void {
    const key = raw?.key ?? null
    const timestamp = raw?.timestamp ?? this.place.record.timestamp
    const partition = this.outputs.partitionOf(this.topic, key)
    this.outputs.append(this.topic, partition, key, raw?.value ?? null, timestamp, [...(raw?.headers ?? []), ...headers])
  }

  private headersOf({ reason, node, error }: Cause, stack: string | null): Header[] {
    const { topic, partition, offset } = this.place.record
    const message = error === null ? `dropped: ${reason}` : messageOf(error)
    return [
      ['__streams.errors.exception', textOf(error === null ? null : nameOf(error))],
      ['__streams.errors.message', textOf(message)],
      ['__streams.errors.stacktrace', textOf(stack)],
      ['__streams.errors.topic', textOf(topic)],
      ['__streams.errors.partition', textOf(String(partition))],
      ['__streams.errors.offset', textOf(String(offset))],
      ['__millrace.errors.reason', textOf(reason)],
      ['__millrace.errors.node', textOf(node)],
    ]
  }
}

function stackOf(error: unknown): string | null {
  return error instanceof Error ? (error.stack?.slice(0, longestStack) ?? null) : null
}

/** As a stack begins: with the kind of the error, then its message. */
function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error)
}

function textOf(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text)
}

function isTooLarge(error: unknown): error is MillraceError {
  return error instanceof MillraceError && error.code === 'RECORD_TOO_LARGE'
}
