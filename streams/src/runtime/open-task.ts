import type { CommittedPosition, Producer } from '@millrace/core'
import { partitionName } from '@millrace/core'
import { buildTopology } from '../operators/build-topology.ts'
import type { Plan, SourceSpec, SubTopology, TaskSpec } from '../plan/plan.ts'
import type { TaskState } from '../state/task-state.ts'
import { streamError } from '../time/stream-errors.ts'
import type { DropCounts } from './drop-counts.ts'
import type { GlobalTables } from './global-tables.ts'
import { Idleness } from './idleness.ts'
import { InputChoice } from './input-choice.ts'
import { InputQueue } from './input-queue.ts'
import { LiveContext } from './live-context.ts'
import { decodeMetadata, type OffsetMetadata } from './offset-metadata.ts'
import { openState, type StateHouse } from './open-state.ts'
import { timesOfHeads } from './record-times.ts'
import { restore, type RestoreListener } from './restore.ts'
import type { DropListener } from './dropped.ts'
import type { ErrorPolicies } from './error-policies.ts'
import type { Retries } from './retries.ts'
import { Task } from './task.ts'
import type { TaskMeter } from './task-meter.ts'
import { TaskOutputs } from './task-outputs.ts'
import { TaskTimes } from './task-times.ts'
import type { ThreadMeter } from './thread-meter.ts'

/** What all tasks of an instance share. */
export interface TaskHouse extends StateHouse {
  readonly producer: Producer
  readonly plan: Plan
  readonly globals: GlobalTables
  readonly drops: DropCounts
  readonly bounded: boolean
  readonly policies: ErrorPolicies
  readonly retries: Retries
  readonly maxTaskIdleMs: number
  /** Null: no idle task closes windows. */
  readonly idleAdvanceMs: number | null
  readonly onDropped: DropListener
  readonly onRestore: RestoreListener
  readonly meter: ThreadMeter
  readonly isStopping: () => boolean
  /** Committed positions by partition name. */
  readonly committed: ReadonlyMap<string, CommittedPosition>
  /** Partition counts of the topics that sinks may write to. */
  readonly writable: ReadonlyMap<string, number>
}

/**
 * Opens a task where its last commit left it: positions and times from the offsets, stores from engine and changelog.
 * The producer is open already, which has decided every transaction of a former instance.
 * `kept`: the stores, where a standby copy of them is open.
 * @throws COMMIT_UNREADABLE, STATE_DIRECTORY_LOCKED, STORE_UNUSABLE, and what the log throws
 */
export async function openTask(house: TaskHouse, spec: TaskSpec, kept?: TaskState): Promise<Task> {
  const meter = house.meter.openTask(spec.id)
  try {
    return await openMetered(house, spec, { meter, kept })
  } catch (error) {
    meter.close()
    throw error
  }
}

async function openMetered(
  house: TaskHouse,
  spec: TaskSpec,
  { meter, kept }: { readonly meter: TaskMeter; readonly kept: TaskState | undefined },
): Promise<Task> {
  const subTopology = house.plan.subTopologies[spec.subTopology]!
  const state = kept ?? (await openState(house, spec, subTopology.stores))
  try {
    const metadata = spec.inputs.map((topic) => committedMetadata(house, topic, spec.partition))
    const inputs = await openInputs(house, spec, metadata, subTopology.sources)
    const onRestore = meter.following(house.onRestore)
    await restore({ ...house, onRestore }, state, subTopology.stores, inputs, spec.partition)
    return assemble(house, spec, { subTopology, metadata, inputs, state, meter })
  } catch (error) {
    await state.abandon()
    throw error
  }
}

interface OpenedParts {
  readonly subTopology: SubTopology
  readonly metadata: readonly OffsetMetadata[]
  readonly inputs: readonly InputQueue[]
  readonly state: TaskState
  readonly meter: TaskMeter
}

function assemble(house: TaskHouse, spec: TaskSpec, { subTopology, metadata, inputs, state, meter }: OpenedParts): Task {
  const { producer, drops, retries } = house
  const { clock } = house.world
  const monotonic = (): number => clock.monotonic()
  const outputs = new TaskOutputs(producer, subTopology.sinks, house.writable)
  const times = new TaskTimes(
    subTopology.streamTimes,
    metadata.flatMap((each) => each.times),
  )
  const context = new LiveContext(spec.id, spec.partition, { ...house, state, outputs, times, clock })
  const topology = buildTopology(subTopology, context)
  context.punctuators.opened()
  const ended = house.bounded && metadata[0]?.ended === true && knowsAll(house, spec, subTopology)
  const timeOf = timesOfHeads(subTopology.sources, inputs)
  const choice = new InputChoice({ inputs, maxIdleMs: house.maxTaskIdleMs, monotonic, timeOf })
  const afterMs = house.idleAdvanceMs
  const idle = afterMs === null ? null : { afterMs, idleness: new Idleness(inputs, monotonic) }
  const own = { spec, subTopology, inputs, choice, idle, state, outputs, times, context, topology, meter }
  meter.opened(own)
  const isNew = ({ topic }: InputQueue): boolean => !house.committed.has(partitionName({ topic, partition: spec.partition }))
  const atEnd = inputs.some((input) => isNew(input) && beginsAtEnd(subTopology.sources, input.topic))
  return new Task({ ...own, producer, drops, retries, ended, beginsAtEnd: atEnd })
}

/** Whether a bounded run had every topic: a pattern may have found another one since. */
function knowsAll({ committed }: TaskHouse, { inputs, partition }: TaskSpec, { sources }: SubTopology): boolean {
  const given = sources.filter(({ topic, internal }) => !internal && inputs.includes(topic))
  return given.every(({ topic }) => committed.has(partitionName({ topic, partition })))
}

function committedMetadata(house: TaskHouse, topic: string, partition: number): OffsetMetadata {
  const position = house.committed.get(partitionName({ topic, partition }))
  const metadata = decodeMetadata(position?.metadata ?? '')
  if (metadata !== null) return metadata
  throw streamError('COMMIT_UNREADABLE', {
    what: 'the committed offset carries metadata that this version did not write',
    where: `group ${house.plan.applicationId}, ${topic}-${partition}`,
  })
}

/** Without a bound nothing ends: the end that a bounded run had fixed was its own. */
async function openInputs(
  { log, committed, bounded }: TaskHouse,
  spec: TaskSpec,
  metadata: readonly OffsetMetadata[],
  sources: readonly SourceSpec[],
): Promise<InputQueue[]> {
  const places = spec.inputs.map((topic) => ({ topic, partition: spec.partition }))
  const starts = await log.admin.listOffsets(
    places.map((place) => ({ ...place, at: beginsAtEnd(sources, place.topic) ? 'stable' : 'earliest' })),
  )
  return places.map((place, index) => {
    const queue = new InputQueue(place.topic, place.partition, committed.get(partitionName(place))?.offset ?? starts[index]!)
    if (bounded) queue.limit = metadata[index]!.endOffset ?? Infinity
    return queue
  })
}

/** Where a partition begins that has no committed position. */
function beginsAtEnd(sources: readonly SourceSpec[], topic: string): boolean {
  return sources.some((source) => source.topic === topic && source.reset === 'latest')
}
