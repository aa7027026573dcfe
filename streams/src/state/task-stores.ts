import type { Clock } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'
import { storeRange } from './engine-rows.ts'
import type { StoreEngine } from './engine.ts'
import { LayeredExpiringStore } from './expiring-store.ts'
import { IndexRowKeys } from './index-row-keys.ts'
import { LayeredKeyValueStore } from './key-value-store.ts'
import { ReadCache } from './read-cache.ts'
import { nothing, RowIndex } from './row-index.ts'
import { KeyValueRowKeys, WindowRowKeys } from './row-keys.ts'
import { sealedTimestamp } from './seal.ts'
import type { SealedEngine } from './sealed-engine.ts'
import { indexName } from './state-meta.ts'
import { StoreLayers } from './store-layers.ts'
import { StoreMeter } from './store-meter.ts'
import type { IndexSpec, StoreSpec } from './store-spec.ts'
import { LayeredWindowStore } from './window-store.ts'

type KeyValue = LayeredKeyValueStore<unknown, unknown>
type Windows = LayeredWindowStore<unknown, unknown>

/** One store with everything that belongs to it. */
export type TaskStore =
  | {
      readonly kind: 'key-value'
      readonly indexes: readonly RowIndex<unknown, unknown>[]
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

type KeyValueTaskStore = Extract<TaskStore, { readonly kind: 'key-value' }>

/** Layers, and where they lie in the engine; null: nowhere. */
interface Layered {
  readonly layers: StoreLayers<unknown>
  readonly number: number | null
}

/** An index with the store that it is about. */
export interface IndexedStore {
  readonly store: KeyValueTaskStore
  readonly index: RowIndex<unknown, unknown>
  readonly number: number | null
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
  /** Everything that has rows: the stores and their indexes. */
  readonly layers: readonly Layered[]
  readonly #byName: ReadonlyMap<string, TaskStore>
  readonly #numbers: ReadonlyMap<string, number>

  constructor(options: TaskStoresOptions) {
    this.#numbers = options.numbers
    const cacheBytes = options.cacheBytes / Math.max(1, options.numbers.size)
    this.all = options.specs.map((spec) => makeStore(spec, { ...options, cacheBytes }))
    this.layers = this.all.flatMap((store) => [
      store,
      ...indexesOf(store).map(({ name, layers }) => ({ layers, number: this.#numberOf(store.layers.spec.name, name) })),
    ])
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
  indexed(name: string, index: string): IndexedStore {
    const store = this.get(name)
    const found = indexesOf(store).find((one) => one.name === index)
    if (store.kind !== 'key-value' || found === undefined) return unknown(name, `store with an index ${index}`)
    return { store, index: found, number: this.#numberOf(name, index) }
  }

  #numberOf(store: string, index: string): number | null {
    return this.#numbers.get(indexName(store, index)) ?? null
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
    for (const one of this.all) {
      for (const index of indexesOf(one)) index.layers.rollback()
      const { kind, layers, store } = one
      const changed = layers.rollback()
      if (kind === 'window') for (const row of changed) store.note(row, layers.readCommitted(row) !== undefined)
      else for (const row of changed) store.note(row)
    }
  }
}

function indexesOf(store: TaskStore): readonly RowIndex<unknown, unknown>[] {
  return store.kind === 'key-value' ? store.indexes : []
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
  const indexes = (spec.indexes ?? []).map((index) => makeIndex(spec, index, keys, { numbers, engine, cacheBytes, clock }))
  const layers = new StoreLayers<unknown>({ spec, keys, engine: below, cache, meter })
  const { stretchMs } = spec
  const store =
    stretchMs === undefined
      ? new LayeredKeyValueStore(layers, keys.keys, indexes)
      : new LayeredExpiringStore(layers, keys.keys, stretchMs, indexes)
  return { kind: 'key-value', number, layers, keys, store, indexes }
}

function makeIndex(
  { name }: StoreSpec,
  index: IndexSpec,
  { keys: rows }: KeyValueRowKeys<unknown>,
  { numbers, engine, cacheBytes, clock }: Omit<TaskStoresOptions, 'specs'>,
): RowIndex<unknown, unknown> {
  const number = numbers.get(indexName(name, index.name)) ?? null
  const below = number === null ? null : { sealed: engine, number }
  const keys = new IndexRowKeys(index.key, rows)
  const spec: StoreSpec = { name: indexName(name, index.name), kind: 'key-value', key: index.key, value: nothing }
  const meter = new StoreMeter({ name: spec.name, kind: spec.kind, isOnEngine: number !== null }, clock)
  const layers = new StoreLayers<unknown>({ spec, keys, engine: below, cache: new ReadCache<unknown>(cacheBytes), meter })
  return new RowIndex(name, index, layers, keys)
}

function unknown(name: string, kind: string): never {
  throw streamError('STORE_UNKNOWN', { what: `the task has no ${kind} of this name`, where: name })
}
