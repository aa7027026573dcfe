import type { World } from '@millrace/core'
import { planOf } from '../plan/plan-of.ts'
import type { Topology } from '../graph/topology.ts'
import { stateSpecs } from '../runtime/open-state.ts'
import type { StoreEngines } from '../state/engine.ts'
import { TaskState } from '../state/task-state.ts'

/** The stores of one task of an application that is closed. */
export interface StoredTask {
  readonly topology: Topology
  readonly applicationId: string
  readonly stateDir: string
  readonly engines: StoreEngines
  readonly world: World
  /** `<sub-topology>_<partition>` */
  readonly task: string
}

export interface StoredRow {
  readonly key: unknown
  /** -1 in a key-value store. */
  readonly start: number
  readonly value: unknown
  readonly timestamp: number
}

export interface StoredStore {
  /** The next offset of the changelog: everything before it is in the store. */
  readonly position: number
  readonly rows: readonly StoredRow[]
}

/** What the engine of a task holds, by store: read without the log, so that nothing is restored on the way. */
export async function storedRows({
  topology,
  applicationId,
  stateDir,
  engines,
  world,
  task,
}: StoredTask): Promise<ReadonlyMap<string, StoredStore>> {
  const { stores } = planOf(topology, applicationId).subTopologies[Number(task.split('_')[0])]!
  const { disk, clock } = world
  const state = await TaskState.open({
    taskId: task,
    folder: `${stateDir}/${applicationId}/${task}`,
    stores: stateSpecs(stores),
    engines,
    disk,
    clock,
  })
  try {
    if (state.wiped !== null) throw new Error(`the engine of task ${task} was not sound: ${state.wiped}`)
    const found = new Map<string, StoredStore>()
    for (const { name } of stores) found.set(name, { position: state.position(name), rows: await rowsOf(state, name) })
    return found
  } finally {
    await state.abandon()
  }
}

async function rowsOf(state: TaskState, store: string): Promise<StoredRow[]> {
  const rows: StoredRow[] = []
  for await (const { key, start, row } of state.committedRows<unknown, unknown>(store)) {
    rows.push({ key, start, value: row.value, timestamp: row.timestamp })
  }
  return rows
}
