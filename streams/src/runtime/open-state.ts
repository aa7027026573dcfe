import type { LogClient, World } from '@millrace/core'
import type { StoreSpec, TaskSpec } from '../plan/plan.ts'
import type { StoreEngines } from '../state/engine.ts'
import { MemoryEngines } from '../state/engines/memory-engine.ts'
import type { StoreSpec as StateStoreSpec } from '../state/store-spec.ts'
import { TaskState } from '../state/task-state.ts'
import { verifyMarks } from '../state/verify-marks.ts'
import { stretchOfTtl } from '../time/time-to-live.ts'
import { changelogFacts } from './changelog-facts.ts'

/** What the stores of a task need of their instance. */
export interface StateHouse {
  readonly log: LogClient
  readonly world: World
  readonly engines: StoreEngines
  /** Folder of the application's state; tasks have theirs in it. */
  readonly stateFolder: string
  readonly topicIds: ReadonlyMap<string, string>
  /** Bytes of rows that each task may keep in its read cache. */
  readonly cacheBytes: number
}

/** As the engine has them; they are restored from there on. @throws STATE_DIRECTORY_LOCKED, STORE_UNUSABLE, and what the log throws */
export async function openState(house: StateHouse, spec: TaskSpec, stores: readonly StoreSpec[]): Promise<TaskState> {
  const { disk, clock } = house.world
  return TaskState.open({
    taskId: spec.id,
    folder: `${house.stateFolder}/${spec.id}`,
    stores: stateSpecs(stores, house.topicIds),
    // Without stores on disk there may be no folder.
    engines: stores.every(({ inMemory = false }) => inMemory) ? new MemoryEngines() : house.engines,
    disk,
    clock,
    verify: async (marks) => verifyMarks(marks, await changelogFacts(house.log, marks, spec.partition), clock.now()),
    syncLog: () => house.log.sync(),
    limits: { cacheBytes: house.cacheBytes },
  })
}

/** The stores of the plan as the state room knows them. Topics without an id are not compared by it. */
export function stateSpecs(stores: readonly StoreSpec[], topicIds: ReadonlyMap<string, string> = new Map()): StateStoreSpec[] {
  return stores.map((spec) => {
    const { name, kind, key, value, changelog, changelogKind, inMemory = false } = spec
    return {
      name,
      kind: kind === 'keyValue' ? 'key-value' : 'window', // What waits is kept by time.
      key,
      value,
      inMemory,
      ...(changelogKind !== 'none' && {
        changelog: { topic: changelog, topicId: topicIds.get(changelog) ?? '', kind: changelogKind },
      }),
      ...(kind === 'keyValue' && spec.ttlMs !== undefined && { stretchMs: stretchOfTtl(spec.ttlMs) }),
      ...(kind === 'keyValue' && spec.indexes !== undefined && { indexes: spec.indexes }),
    }
  })
}
