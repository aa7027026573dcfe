import type { Clock } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'
import { storeRange } from './engine-rows.ts'
import type { StoreEngine } from './engine.ts'
import { LayeredExpiringStore } from './expiring-store.ts'
import { LayeredKeyValueStore } from './key-value-store.ts'
import { ReadCache } from './read-cache.ts'
import { KeyValueRowKeys, WindowRowKeys } from './row-keys.ts'
import { sealedTimestamp } from './seal.ts'
import type { SealedEngine } from './sealed-engine.ts'
import { StoreLayers } from './store-layers.ts'
import { StoreMeter } from './store-meter.ts'
import type { StoreSpec } from './store-spec.ts'
import { LayeredWindowStore } from './window-store.ts'

type KeyValue = LayeredKeyValueStore<unknown, unknown>
type Windows = LayeredWindowStore<unknown, unknown>

/** One store with everything that belongs to it. */
export type TaskStore =
  | {
      readonly kind: 'key-value'
      readonly number: number | null
      readonly layers: StoreLayers<unknown>
      readonly keys: KeyValueRowKeys<unknown>
      readonly store: KeyValue
    }
  | {
      readonly kind: 'window'
      readonly number: number | null
      readonly layers: StoreLayers<unknown>
      readonly keys: WindowRowKeys<unknown>
      readonly store: Windows
    }

export interface TaskStoresOptions {
  readonly specs: readonly StoreSpec[]
  /** Of the stores that have rows in the engine. */
  readonly numbers: ReadonlyMap<string, number>
  readonly engine: SealedEngine
  readonly cacheBytes: number
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
}

/** The stores of a task by their names, in the order of the plan. */
export class TaskStores {
  readonly all: readonly TaskStore[]
  readonly #byName: ReadonlyMap<string, TaskStore>

  constructor(options: TaskStoresOptions) {
    const cacheBytes = options.cacheBytes / Math.max(1, options.numbers.size)
    this.all = options.specs.map((spec) => makeStore(spec, { ...options, cacheBytes }))
    this.#byName = new Map(this.all.map((store) => [store.layers.spec.name, store]))
  }

  /** @throws STORE_UNKNOWN */
  get(name: string): TaskStore {
    return this.#byName.get(name) ?? unknown(name, 'store')
  }

  /** @throws STORE_UNKNOWN */
  keyValue(name: string): KeyValue {
    const found = this.get(name)
    return found.kind === 'key-value' ? found.store : unknown(name, 'key-value store')
  }

  /** @throws STORE_UNKNOWN */
  expiring(name: string): LayeredExpiringStore<unknown, unknown> {
    const store = this.keyValue(name)
    return store instanceof LayeredExpiringStore ? store : unknown(name, 'key-value store with times')
  }

  /** @throws STORE_UNKNOWN */
  windows(name: string): Windows {
    const found = this.get(name)
    return found.kind === 'window' ? found.store : unknown(name, 'window store')
  }

  /** Reads the keys of all window stores, and the rows of those that find them by time: what is open is then known. */
  async buildIndexes(engine: StoreEngine): Promise<void> {
    for (const { kind, number, keys, store } of this.all) {
      if (number === null) continue
      const rowOf = (row: Uint8Array): string => keys.rowOfEngineKey(row.subarray(1))
      if (kind === 'window') {
        for await (const page of engine.scan({ ...storeRange(number), keysOnly: true })) {
          for (const [key] of page) store.note(rowOf(key), true)
        }
      } else if (store instanceof LayeredExpiringStore) {
        for await (const page of engine.scan(storeRange(number))) {
          for (const [key, sealed] of page) store.noteAt(rowOf(key), sealedTimestamp(sealed))
        }
      }
    }
  }

  rollback(): void {
    for (const { kind, layers, store } of this.all) {
      const changed = layers.rollback()
      if (kind === 'window') for (const row of changed) store.note(row, layers.readCommitted(row) !== undefined)
      else for (const row of changed) store.note(row)
    }
  }
}

function makeStore(spec: StoreSpec, { numbers, engine, cacheBytes, clock }: TaskStoresOptions): TaskStore {
  const number = numbers.get(spec.name) ?? null
  const below = number === null ? null : { sealed: engine, number }
  const cache = new ReadCache<unknown>(cacheBytes)
  const meter = new StoreMeter({ name: spec.name, kind: spec.kind, isOnEngine: number !== null }, clock)
  if (spec.kind === 'window') {
    const keys = new WindowRowKeys<unknown>(spec.key)
    const layers = new StoreLayers<unknown>({ spec, keys, engine: below, cache, meter })
    return { kind: 'window', number, layers, keys, store: new LayeredWindowStore(layers, keys.keys) }
  }
  const keys = new KeyValueRowKeys<unknown>(spec.key)
  const layers = new StoreLayers<unknown>({ spec, keys, engine: below, cache, meter })
  const { stretchMs } = spec
  const store =
    stretchMs === undefined ? new LayeredKeyValueStore(layers, keys.keys) : new LayeredExpiringStore(layers, keys.keys, stretchMs)
  return { kind: 'key-value', number, layers, keys, store }
}

function unknown(name: string, kind: string): never {
  throw streamError('STORE_UNKNOWN', { what: `the task has no ${kind} of this name`, where: name })
}
