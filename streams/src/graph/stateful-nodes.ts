/**
 * Nodes with stores of their own, one or several: joins of streams, and the twins of RxJS operators. What has to be kept stands in
 * the node, so plan and description read it there and know no kind of them.
 */
import type { Serde } from '@millrace/core'
import type { Grace } from '../time/windows.ts'
import type { AsyncMapper, Callback, Joiner, Meta, RetryPlan } from './callbacks.ts'

/** A store that a node needs. */
export type KeptStore = KeptRows | KeptTimeRows | KeptInputs

interface Kept {
  /** Given by the user, or made from such a name. */
  readonly name: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

interface KeptRows extends Kept {
  readonly kind: 'keyValue'
  /** Its rows are laid out as the operator needs them, and no rows of the user's. */
  readonly isInner?: true
}

/** What a key has in a stretch of time, a row for each (`TimedValues`). */
interface KeptTimeRows extends Kept {
  readonly kind: 'timeRows'
  /** Of a stretch. */
  readonly widthMs: number
}

/** Inputs by key and number. */
interface KeptInputs extends Kept {
  readonly kind: 'window'
  readonly windows: null
}

interface StatefulNode {
  readonly name: string
  /** Names of the nodes before it. */
  readonly inputs: readonly string[]
  readonly kept: readonly KeptStore[]
  /** Stream times that it keeps, by names that are unique as those of stores are. */
  readonly times: readonly string[]
}

/** Two streams, the left one first. The names are those of `kept` and `times`. */
interface JoinStreamsNode extends StatefulNode {
  readonly kind: 'join-streams'
  readonly sides: 'inner' | 'left' | 'outer'
  /** How much older, and how much newer, a right record may be than its left one. */
  readonly beforeMs: number
  readonly afterMs: number
  readonly grace: Grace
  readonly join: Joiner
  readonly left: string
  readonly right: string
  /** What waits for a partner; null: results without one are not wanted. */
  readonly openLeft: string | null
  readonly openRight: string | null
  readonly time: string | null
  readonly widthMs: number
}

/** The twins of RxJS operators that look at one record of a key after the other. */
export type KeyedKind =
  | 'scan'
  | 'distinct'
  | 'distinct-until-changed'
  | 'pairwise'
  | 'buffer-count'
  | 'take'
  | 'skip'
  | 'throttle-time'

/** What a step may do beside giving the next state. */
interface StepOut {
  emit(value: unknown): void
  /** The record is too old to be judged. */
  late(): void
}

/** The next state; undefined: it stays, null: there is none any more. `state` is undefined before the first. */
export type KeyedStep = (state: unknown, value: unknown, key: unknown, meta: Meta, out: StepOut) => unknown

interface KeyedNode extends StatefulNode {
  readonly kind: KeyedKind
  readonly state: string
  /** What the state belongs to, where that is not the key alone. */
  readonly stateKey: Callback | null
  readonly step: KeyedStep
}

interface DeduplicateNode extends StatefulNode {
  readonly kind: 'deduplicate'
  readonly state: string
  readonly withinMs: number
  readonly widthMs: number
  readonly identity: Callback
}

interface DelayNode extends StatefulNode {
  readonly kind: 'delay'
  readonly state: string
  readonly delayMs: number
  readonly widthMs: number
}

/** What happens when a key has no record for some time: its last one is emitted, or something made of it behind all records. */
interface SilenceNode extends StatefulNode {
  readonly kind: 'debounce-time' | 'timeout'
  readonly state: string
  readonly silenceMs: number
  readonly widthMs: number
  /** Null: the last one itself, and records do not go on otherwise. */
  readonly made: ((last: unknown, key: unknown) => unknown) | null
}

/** The best values of each key, as a table. */
interface TopNode extends StatefulNode {
  readonly kind: 'top-n'
  readonly state: string
  readonly count: number
  readonly compare: (a: unknown, b: unknown) => number
  /** Null: each value stands for itself. */
  readonly by: ((value: unknown) => unknown) | null
}

/** The best rows of each group of a table, as a table. */
interface TableTopNode extends StatefulNode {
  readonly kind: 'table-top-n'
  readonly state: string
  /** All rows, in pages. */
  readonly rows: string
  readonly count: number
  readonly value: Serde<unknown>
  readonly compare: (a: unknown, b: unknown) => number
}

interface TimedItem {
  readonly time: number
  readonly value: unknown
}

/** A user's pipeline over all records of a window that is closed. */
interface ReplayNode {
  readonly name: string
  readonly inputs: readonly string[]
  readonly kind: 'replay'
  readonly run: (
    items: readonly TimedItem[],
    window: { readonly key: unknown; readonly start: number; readonly end: number },
  ) => { readonly emitted: readonly TimedItem[]; readonly ended: boolean }
}

/** Calls to the outside. `pending` is the name in `kept`. */
interface MapAsyncNode extends StatefulNode {
  readonly kind: 'map-async'
  readonly pending: string
  readonly key: Serde<unknown>
  readonly mapper: AsyncMapper
  /** A result is a list of values, each of which goes on. */
  readonly isFlat: boolean
  /** Calls at a time, for each task. */
  readonly concurrency: number
  readonly order: 'key' | 'none'
  readonly timeoutMs: number
  readonly retry: RetryPlan
  /** Null: as the application's error policy says. */
  readonly onFailure: 'fail' | 'skip' | null
}

export type StatefulGraphNode =
  | ReplayNode
  | JoinStreamsNode
  | KeyedNode
  | DeduplicateNode
  | DelayNode
  | SilenceNode
  | TopNode
  | TableTopNode
  | MapAsyncNode
