import type { MillraceError } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'
import { messageOf } from './explain.ts'
import type { RetryHandling } from './error-policies.ts'

/**
 * What a task works on: a record; or, with offset -1, what a node does at a time, or by the wall clock (time null), of which no two
 * times are the same.
 */
export interface Place {
  readonly task: string
  readonly node: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly time: number | null
}

interface Attempts extends Place {
  count: number
}

const longestBackoffMs = 30_000

/**
 * How often user code has failed at the records of an application. To try again is to abandon the step: what the failed call did to
 * stores and outputs is gone with it, and everything begins again at what is committed.
 *
 * Invariants
 *   T1  It outlives the incarnations of an instance. What is committed behind a record or a stream time ends its count; that of
 *       punctuations by the wall clock ends when all tries of their node are used up.
 *   T2  It ends: a record is tried again at most as often as the policy says, whatever else is committed meanwhile.
 *   T3  What failed before is tried in a step of its own: what came before it is committed and is not done again.
 */
export class Retries {
  private readonly failing = new Map<string, Attempts>()
  /** Before the application comes back after the last failure. */
  delayMs: number = 0

  /** Null: it was tried often enough. Otherwise what to throw, so that it is tried again. */
  again(place: Place, { times, backoffMs }: RetryHandling, cause: unknown): MillraceError | null {
    const name = nameOf(place)
    const attempts = this.failing.get(name) ?? { ...place, count: 0 }
    if (attempts.count >= times) return this.giveUp(name, place)
    this.failing.set(name, attempts)
    this.delayMs = Math.min(longestBackoffMs, backoffMs * 2 ** attempts.count++)
    const what = `user code threw, and is called again in ${this.delayMs} ms (${attempts.count} of ${times}): ${messageOf(cause)}`
    return streamError('PROCESSING_RETRIED', { what, where: name, cause })
  }

  /** The record, or with offset -1 some other event of the task, has failed before and is not committed since. */
  hasFailed(task: string, topic: string, partition: number, offset: number): boolean {
    if (this.failing.size === 0) return false
    for (const place of this.failing.values()) {
      if (place.task !== task || place.offset !== offset || place.time === null) continue
      if (offset < 0 || (place.topic === topic && place.partition === partition)) return true
    }
    return false
  }

  private giveUp(name: string, { time }: Place): null {
    if (time === null) this.failing.delete(name)
    return null
  }

  /** A task has committed: what is done needs no count any more. */
  committed(task: string, isDone: (place: Place) => boolean): void {
    if (this.failing.size === 0) return
    for (const [name, place] of this.failing)
      if (place.task === task && place.time !== null && isDone(place)) this.failing.delete(name)
  }
}

function nameOf({ task, node, topic, partition, offset, time }: Place): string {
  if (offset >= 0) return `task ${task}, ${topic}-${partition} at offset ${offset}`
  return `${node}, task ${task}, ${time === null ? 'by the wall clock' : `at ${time}`}`
}
