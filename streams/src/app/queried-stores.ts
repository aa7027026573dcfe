import type { Plan, RowLayout, StoreSpec, StretchesLayout, VersionsLayout } from '../plan/plan.ts'
import type { Instance } from '../runtime/instance.ts'
import type { Task } from '../runtime/task.ts'
import { checkOptions } from '../time/options.ts'
import { streamError } from '../time/stream-errors.ts'
import type { Position } from './position.ts'
import { SessionStoreQueries, type SessionQueries } from './session-queries.ts'
import {
  KeyValueStoreQueries,
  WindowStoreQueries,
  type KeyValueQueries,
  type QueriedTable,
  type QueriedTask,
  type QueriedTasks,
  type WindowQueries,
} from './store-queries.ts'
import { VersionedStoreQueries, type VersionedQueries } from './versioned-queries.ts'
import { WindowsByTimeQueries } from './windows-by-time.ts'

export interface QueryOptions {
  /**
   * What the inputs of the store must have committed before a row is shown (KIP-796): of a topic and partition that is not given,
   * nothing. Default: nothing. Take it from `position()` of a view, or from what was appended.
   */
  readonly atLeast?: readonly Position[]
}

/** The methods of an application that give a view of a store, and what may lie in its rows. */
interface Layouts {
  readonly keyValueStore: RowLayout
  readonly windowStore: RowLayout
  readonly sessionStore: StretchesLayout
  readonly versionedStore: VersionsLayout
}

type Method = keyof Layouts

interface FoundStore<M extends Method> {
  readonly layout: Layouts[M]
  readonly tasks: QueriedTasks
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
    return new KeyValueStoreQueries<K, V>(this.#find(name, 'keyValueStore', options).tasks)
  }

  windows<K, V>(name: string, options?: QueryOptions): WindowQueries<K, V> {
    const { layout, tasks } = this.#find(name, 'windowStore', options)
    return layout.kind === 'stretches' ? new WindowsByTimeQueries<K, V>(tasks, layout) : new WindowStoreQueries<K, V>(tasks)
  }

  sessions<K, V>(name: string, options?: QueryOptions): SessionQueries<K, V> {
    const { layout, tasks } = this.#find(name, 'sessionStore', options)
    return new SessionStoreQueries<K, V>(tasks, layout)
  }

  versions<K, V>(name: string, options?: QueryOptions): VersionedQueries<K, V> {
    const { layout, tasks } = this.#find(name, 'versionedStore', options)
    return new VersionedStoreQueries<K, V>(tasks, layout.historyMs)
  }

  #find<M extends Method>(name: string, method: M, options: QueryOptions = {}): FoundStore<M> {
    checkOptions(method, options, ['atLeast'])
    const { subTopologies, globalTables } = this.#plan
    for (const { id, stores } of subTopologies) {
      const store = stores.find((one) => one.name === name)
      if (store === undefined) continue
      const layout = store.layout as Layouts[M]
      if (methodOf(store) === method) return { layout, tasks: this.#tasksOf(name, id, options) }
      throw this.#unknown(name, method, methodOf(store) ?? 'internal')
    }
    throw this.#unknown(name, method, globalTables.some(({ store }) => store === name) ? 'keyValueStore' : 'absent')
  }

  #tasksOf(name: string, subTopology: number, { atLeast = [] }: QueryOptions): QueriedTasks {
    const tasks = (): readonly Task[] => this.#running(name).tasks.filter(({ spec }) => spec.subTopology === subTopology)
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

  #global(name: string): QueriedTasks<QueriedTable> {
    return { name, position: () => [], tasks: () => [this.#running(name).globals.view(name)] }
  }

  /** `is`: what shows the store, or why nothing does. */
  #unknown(name: string, asked: Method, is: Method | 'internal' | 'absent'): Error {
    const { subTopologies, globalTables } = this.#plan
    const names = subTopologies
      .flatMap(({ stores }) => stores.filter((store) => methodOf(store) === asked))
      .map((store) => store.name)
    if (asked === 'keyValueStore') names.push(...globalTables.map(({ store }) => store))
    return streamError('STORE_UNKNOWN', {
      what: whatOf(asked, is),
      where: name,
      expected: names.join(', ') || 'none of this kind',
    })
  }

  #running(name: string): Instance {
    const instance = this.#instance()
    if (instance !== null) return instance
    throw streamError('STORE_CLOSED', { what: 'the application does not run now', where: name })
  }
}

/** What gives a view of the store; null: its rows are its operator's own. */
function methodOf({ kind, layout }: StoreSpec): Method | null {
  switch (layout.kind) {
    case 'plain':
      return kind === 'window' ? 'windowStore' : 'keyValueStore'
    case 'stretches':
      return layout.windows.kind === 'session' ? 'sessionStore' : 'windowStore'
    case 'versions':
      return 'versionedStore'
    default:
      return null
  }
}

function whatOf(asked: Method, is: Method | 'internal' | 'absent'): string {
  if (is === 'absent') return `the topology has no store of this name for ${asked}()`
  if (is === 'internal') return 'queries do not show this store: it holds what an operator remembers for itself'
  return `${asked}() does not show this store: use ${is}()`
}

function viewOf(task: Task, name: string): QueriedTask {
  const { state } = task
  return {
    committedGet: (key) => state.committedGet(name, key),
    committedWindowGet: (key, start) => state.committedWindowGet(name, key, start),
    committedWindows: (key, from, to) => state.committedWindows(name, key, from, to),
    committedTime: () => task.committedTime(name) ?? noTime,
    scan: (rangeOf) => state.scan(name, rangeOf),
  }
}

const noTime = { now: -1, closedThrough: -1 }

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

function byPlace(a: Position, b: Position): number {
  return a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1
}
