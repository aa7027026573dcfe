import type { Plan, StoreSpec, SubTopology } from '../plan/plan.ts'
import type { Instance } from '../runtime/instance.ts'
import type { Task } from '../runtime/task.ts'
import { checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import type { Position } from './position.ts'
import {
  KeyValueStoreQueries,
  WindowStoreQueries,
  type KeyValueQueries,
  type QueriedTask,
  type QueriedTasks,
  type WindowQueries,
} from './store-queries.ts'

export interface QueryOptions {
  /**
   * What the inputs of the store must have committed before a row is shown (KIP-796): of a topic and partition that is not given,
   * nothing. Default: nothing. Take it from `position()` of a view, or from what was appended.
   */
  readonly atLeast?: readonly Position[]
}

/** Finds the tasks of a store in whatever instance runs now. */
export class QueriedStores {
  readonly #plan: Plan
  readonly #instance: () => Instance | null

  constructor(plan: Plan, instance: () => Instance | null) {
    this.#plan = plan
    this.#instance = instance
  }

  keyValue<K, V>(name: string, options: QueryOptions = {}): KeyValueQueries<K, V> {
    checkOptions('keyValueStore', options, ['atLeast'])
    if (this.#plan.globalTables.some(({ store }) => store === name)) return new KeyValueStoreQueries<K, V>(this.#global(name))
    return new KeyValueStoreQueries<K, V>(this.#of(name, 'keyValue', options))
  }

  windows<K, V>(name: string, options: QueryOptions = {}): WindowQueries<K, V> {
    checkOptions('windowStore', options, ['atLeast'])
    return new WindowStoreQueries<K, V>(this.#of(name, 'window', options))
  }

  #of(name: string, kind: StoreSpec['kind'], { atLeast = [] }: QueryOptions): QueriedTasks {
    const subTopology = this.#subTopologyOf(name, kind)
    const tasks = (): readonly Task[] => this.#running(name).tasks.filter(({ spec }) => spec.subTopology === subTopology.id)
    const position = (): Position[] => tasks().flatMap((task) => task.committed)
    return {
      name,
      position: () => position().sort(byPlace),
      tasks: () => {
        checkReached(name, position(), atLeast)
        return tasks().map((task) => viewOf(task, name))
      },
    }
  }

  #global(name: string): QueriedTasks {
    return { name, position: () => [], tasks: () => [this.#running(name).globals.view(name)] }
  }

  #subTopologyOf(name: string, kind: StoreSpec['kind']): SubTopology {
    const { subTopologies } = this.#plan
    const found = subTopologies.find(({ stores }) => shownOf(stores, kind).some((store) => store.name === name))
    if (found !== undefined) return found
    const isHidden = subTopologies.some(({ stores }) => stores.some((store) => store.name === name && !store.isShown))
    throw streamError('STORE_UNKNOWN', {
      what: isHidden
        ? 'queries do not show this store: its rows are laid out as its operator needs them (sessions, sliding windows, versions, …)'
        : `the topology has no ${kind === 'window' ? 'window' : 'key-value'} store of this name`,
      where: name,
      expected:
        subTopologies.flatMap(({ stores }) => shownOf(stores, kind).map((store) => store.name)).join(', ') || 'none of this kind',
    })
  }

  #running(name: string): Instance {
    const instance = this.#instance()
    if (instance !== null) return instance
    throw streamError('STORE_CLOSED', { what: 'the application does not run now', where: name })
  }
}

function viewOf({ state }: Task, name: string): QueriedTask {
  return {
    committedGet: (key) => state.committedGet(name, key),
    committedWindowGet: (key, start) => state.committedWindowGet(name, key, start),
    committedWindows: (key, from, to) => state.committedWindows(name, key, from, to),
    scan: (rangeOf) => state.scan(name, rangeOf),
  }
}

function checkReached(name: string, position: readonly Position[], atLeast: readonly Position[]): void {
  for (const wanted of atLeast) {
    const reached = position.find(({ topic, partition }) => topic === wanted.topic && partition === wanted.partition)
    if (reached === undefined || reached.offset >= wanted.offset) continue
    throw streamError('POSITION_NOT_REACHED', {
      what: 'the store is behind the position that was asked for',
      where: `${name}, ${wanted.topic}-${wanted.partition}`,
      expected: wanted.offset,
      received: reached.offset,
    })
  }
}

function shownOf(stores: readonly StoreSpec[], kind: StoreSpec['kind']): readonly StoreSpec[] {
  return stores.filter((store) => store.kind === kind && store.isShown)
}

function byPlace(a: Position, b: Position): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}
