/**
 * Nodes with stores of their own, one or several: joins of streams, and the twins of RxJS operators. What has to be kept stands in
 * the node, so plan and description read it there and know no kind of them.
 */
import type { Serde } from '@millrace/core'
import type { Grace } from '../time/windows.ts'
import type { Joiner } from './callbacks.ts'

/** A store that a node needs. */
export type KeptStore = KeptRows | KeptTimeRows

interface Kept {
  /** Given by the user, or made from such a name. */
  readonly name: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

interface KeptRows extends Kept {
  readonly kind: 'keyValue'
}

/** What a key has in a stretch of time, a row for each (`TimedValues`). */
interface KeptTimeRows extends Kept {
  readonly kind: 'timeRows'
  /** Of a stretch. */
  readonly widthMs: number
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

export type StatefulGraphNode = JoinStreamsNode
