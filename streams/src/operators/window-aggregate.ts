/**
 * Totals of keys and windows: the node for every kind of windows.
 *
 * Invariants
 *   A1  Stream time is the greatest timestamp that this operator has seen; a record moves it before it is judged.
 *   A2  A window takes nothing more from its first final row on: `late` (window-closer.ts).
 *   A3  `final`: a row goes out once. `update`: each change of a row goes out, and it leaves the store silently when it is closed.
 *   A4  Final rows are emitted by the ends of their windows, then their starts, then the bytes of their keys: the same in every run
 *       over the same input.
 */
import type { OperatorFunction } from 'rxjs'
import type { Serializer } from '@millrace/core'
import type { Rec } from '../task/rec.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { Windowed } from '../time/windowed.ts'
import type { AlignedWindows, HoppingWindows, SessionWindows, SlidingWindows, Windows } from '../time/windows.ts'
import { alignedAggregate } from './aligned-aggregate.ts'
import type { Totals } from './aggregate.ts'
import { hoppingAggregate } from './hopping-aggregate.ts'
import type { OperatorNode } from './node.ts'
import { isByTime } from '../time/stretches.ts'
import { sessionAggregate } from './session-aggregate.ts'
import { slidingAggregate } from './sliding-aggregate.ts'

/** How totals of sessions become one. */
export interface SessionMerge {
  /** The total that the first session is merged into. */
  readonly initial: () => unknown
  readonly merge: (total: unknown, other: unknown, key: unknown) => unknown
}

export interface WindowAggregateNode extends OperatorNode, Totals {
  readonly kind: 'window-aggregate'
  readonly store: string
  readonly key: Serializer<unknown>
  readonly windows: Windows
  /** `final`: records, each row once. `update`: changes of a table. */
  readonly emit: 'final' | 'update'
  /** Of sessions; null otherwise. */
  readonly sessions: SessionMerge | null
}

export interface AlignedNode extends WindowAggregateNode {
  readonly windows: AlignedWindows
}

export interface HoppingNode extends WindowAggregateNode {
  readonly windows: HoppingWindows
}

export interface SlidingNode extends WindowAggregateNode {
  readonly windows: SlidingWindows
}

export interface SessionNode extends WindowAggregateNode {
  readonly windows: SessionWindows
  readonly sessions: SessionMerge
}

/** A final row, or the change of one. */
export type WindowRow = Rec<Windowed<unknown>>

export function windowAggregate(node: WindowAggregateNode, context: TaskContext): OperatorFunction<Rec, WindowRow> {
  if (!isByTime(node.windows)) return alignedAggregate(node as AlignedNode, context)
  if (node.windows.kind === 'session') return sessionAggregate(node as SessionNode, context)
  if (node.windows.kind === 'sliding') return slidingAggregate(node as SlidingNode, context)
  return hoppingAggregate(node as HoppingNode, context)
}
