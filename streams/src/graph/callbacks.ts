import type { Header } from '@millrace/core'

/** What user code sees of the record it works on. Valid only during the call. */
export interface Meta {
  readonly topic: string
  readonly partition: number
  /** -1 where no record is the cause: a window was closed. */
  readonly offset: number
  /** Milliseconds since 1970: of the record as it comes to this operator. */
  readonly timestamp: number
  readonly headers: readonly Header[]
}

/** User code on one record, its types erased: the DSL checked them. */
export type Callback<R = unknown> = (value: unknown, key: unknown, meta: Meta) => R

/** The total after one more value. Null: the key has no total any more. */
export type Adder = (total: unknown, value: unknown, key: unknown, meta: Meta) => unknown

/** The total after the first value of a key. */
export type Starter = (value: unknown, key: unknown, meta: Meta) => unknown

/** How totals of sessions become one. */
export interface SessionMerge {
  /** The total that the first session is merged into. */
  readonly initial: () => unknown
  readonly merge: (total: unknown, other: unknown, key: unknown) => unknown
}

/** The value made of both sides of a join. */
export type Joiner = (value: unknown, other: unknown, key: unknown) => unknown

export interface KeyValue {
  readonly key: unknown
  readonly value: unknown
}

/** A user's own chain of RxJS operators, opened for one task. */
interface ValueSegment {
  /** What the chain emits for the value; the array is valid until the next call. @throws what user code throws */
  push(value: unknown): readonly unknown[]
  close(): void
}

/** How a segment says that its chain did what it may not. */
interface SegmentFaults {
  /** `ended`: it completed. `escaped`: it emitted, or failed with `cause`, while nobody was calling `push`. */
  error(kind: 'ended' | 'escaped', cause?: unknown): Error
  /** The fault happened outside of `push`, so that it cannot be thrown to a caller. */
  tell(error: Error): void
}

export type OpenSegment = (faults: SegmentFaults) => ValueSegment

/** What user code is told about its call to the outside. */
export interface AsyncCall {
  /**
   * Aborted when the time of this attempt is up (its reason is CALL_TIMED_OUT), and when the task is closed: give it to what you call,
   * as in `fetch(url, { signal })`.
   */
  readonly signal: AbortSignal
  /** 1, and one more with each retry. After a restart it begins anew. */
  readonly attempt: number
  /** Of the input. It stays valid. */
  readonly meta: Meta
}

/** User code that calls the outside. */
export type AsyncMapper = (value: unknown, key: unknown, call: AsyncCall) => unknown

export interface RetryPlan {
  /** How often a call is made again. */
  readonly times: number
  /** Before the first retry. */
  readonly backoffMs: number
  /** What each wait is to the one before it. */
  readonly factor: number
}
