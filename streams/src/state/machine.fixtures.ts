import { MillraceError } from '@millrace/core'
import { SimStoreEngines } from '../testing/sim-store-engine.ts'
import type { StoreEngine } from './engine.ts'
import { NameDisk, spec, StillClock } from './state.fixtures.ts'
import type { StoreSpec } from './store-spec.ts'
import { TaskState } from './task-state.ts'
import type { TaskStateOptions } from './task-state-options.ts'

export const folder = '/state/0_0'
export const counts: StoreSpec = spec('counts')
export const hours: StoreSpec = spec('hours', { kind: 'window' })

/** A machine: what stands on it outlives the states that are opened on it. */
export class Machine {
  readonly clock: StillClock = new StillClock()
  readonly disk: NameDisk = new NameDisk()
  readonly engines: SimStoreEngines = new SimStoreEngines({ clock: this.clock })

  open(stores: readonly StoreSpec[] = [counts], more: Partial<TaskStateOptions> = {}): Promise<TaskState> {
    return TaskState.open({ taskId: '0_0', folder, stores, engines: this.engines, disk: this.disk, clock: this.clock, ...more })
  }

  /** Works on the engine behind the state's back. */
  async tamper(work: (engine: StoreEngine) => Promise<void>): Promise<void> {
    const engine = await this.engines.open(`${folder}/store`)
    await work(engine)
    await engine.close()
  }

  /** A state with one committed row that the engine holds, closed again. */
  async withRow(stores: readonly StoreSpec[] = [counts]): Promise<void> {
    const state = await this.open(stores)
    state.keyValueStore('counts').put('a', 1, 10)
    commit(state, 5)
    await state.close()
  }
}

type Appended = [store: string, key: unknown, value: unknown, timestamp: number]

export function freeze(state: TaskState): Appended[] {
  const appended: Appended[] = []
  state.freeze((store) => ({ append: (...record) => appended.push([store, ...record]) }))
  return appended
}

export function commit(state: TaskState, position: number, store = 'counts'): void {
  freeze(state)
  succeed(state, position, store)
}

/** The frozen step is committed. */
export function succeed(state: TaskState, position: number, store = 'counts'): void {
  state.commitSucceeded([{ store, position, newestOffset: position - 1, producerId: 1, producerEpoch: 1, leaderEpoch: 0 }], 1_000)
}

export function stamped(found: { value: unknown; timestamp: number } | undefined): unknown {
  return found && [found.value, found.timestamp]
}

export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    return await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return error instanceof MillraceError ? error.code : error
  }
}
