import type { Producer } from '@millrace/core'
import type { TaskTopology } from '../operators/build-topology.ts'
import type { SubTopology, TaskSpec } from '../plan/plan.ts'
import type { TaskState } from '../state/task-state.ts'
import type { DropCounts } from './drop-counts.ts'
import type { Idleness } from './idleness.ts'
import type { InputChoice } from './input-choice.ts'
import type { InputQueue } from './input-queue.ts'
import type { LiveContext } from './live-context.ts'
import type { Retries } from './retries.ts'
import type { TaskMeter } from './task-meter.ts'
import type { TaskOutputs } from './task-outputs.ts'
import type { TaskTimes } from './task-times.ts'

/** What a task is made of. */
export interface TaskParts {
  readonly spec: TaskSpec
  readonly subTopology: SubTopology
  readonly inputs: readonly InputQueue[]
  readonly choice: InputChoice
  /** Null: stream time moves with records only. */
  readonly idle: { readonly afterMs: number; readonly idleness: Idleness } | null
  readonly state: TaskState
  readonly outputs: TaskOutputs
  readonly times: TaskTimes
  readonly context: LiveContext
  readonly topology: TaskTopology
  readonly producer: Producer
  /** Of the application: takes over what a step dropped when it is committed. */
  readonly drops: DropCounts
  /** Of the application: what is committed needs no other try. */
  readonly retries: Retries
  readonly meter: TaskMeter
  /** The metadata says that it has ended. */
  readonly ended: boolean
  /** It begins at the end of a topic, and nothing is committed of that yet. */
  readonly beginsAtEnd: boolean
}
