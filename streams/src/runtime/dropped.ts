import type { DropReason } from '../task/task-context.ts'

/** A record that did not go on, and why. */
export interface Dropped {
  /** `failed`: user code or a serializer threw. `undecodable`: it could not be read. The others: what the operators leave out. */
  readonly reason: DropReason
  /** What was thrown; null where nothing was. */
  readonly error: unknown
  /** The node that left it out; null where that one does not say. Of a global table its store. */
  readonly node: string | null
  /** Null: a global table, which belongs to no task. */
  readonly task: string | null
  /** Of the record that came in. Empty: an event that no record caused. */
  readonly topic: string
  readonly partition: number
  /** -1: an event that no record caused. */
  readonly offset: number
}

export type DropListener = (dropped: Dropped) => void
