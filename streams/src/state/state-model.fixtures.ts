/** A task's state beside a dumb twin of it: plain maps, a copy for each layer. */
import { expect } from 'vitest'
import type { StoreEngines } from './engine.ts'
import { jsonSerde, ModelLog, NameDisk, numberSerde, spec, StillClock, textSerde } from './state.fixtures.ts'
import type { StoreSpec } from './store-spec.ts'
import type { ScanRange } from '../task/scans.ts'
import { TaskState } from './task-state.ts'
import type { StateLimits } from './task-state-options.ts'
import { verifyMarks } from './verify-marks.ts'

/** Rows by store and by the text of key and start. */
type Rows = Map<string, { value: unknown; timestamp: number }>

const stretchMs = 7

/** What a value is found by in an index: also what begins with another, and with a byte of 0. */
const kinds = ['', 'a', 'a\0', 'a\0b', 'ab', '\0', 'ÿ', null] as const

function kindOf(value: number): string | null {
  return kinds[Math.abs(value) % kinds.length]!
}

/** One of each kind that there is: text keys, byte keys, windows of both, rows that are found by time, rows in memory alone, and indexes. */
const modelStores: readonly StoreSpec[] = [
  spec('words'),
  spec('numbers', { key: numberSerde }),
  spec('hours', { kind: 'window' }),
  spec('number-hours', { kind: 'window', key: numberSerde, value: jsonSerde }),
  spec('expiring', { stretchMs }),
  spec('in-memory', { inMemory: true }),
  spec('hours-in-memory', { kind: 'window', inMemory: true }),
  spec('indexed', { indexes: [{ name: 'by-kind', key: textSerde, of: kindOf }] }),
  spec('numbers-indexed', { key: numberSerde, inMemory: true, indexes: [{ name: 'by-kind', key: textSerde, of: kindOf }] }),
]

export interface Place {
  /** Which of the stores, which key, which window. */
  readonly store: number
  readonly key: number
  readonly start: number
}

export type Command =
  | { readonly do: 'put'; readonly at: Place; readonly value: number }
  | { readonly do: 'delete'; readonly at: Place }
  | { readonly do: 'get'; readonly at: Place }
  /** Takes the rows away that are that many commands old. */
  | { readonly do: 'expire'; readonly age: number }
  | { readonly do: 'freeze' }
  | { readonly do: 'commit' }
  | { readonly do: 'rollback' }
  | { readonly do: 'flush'; readonly wait: boolean }
  | { readonly do: 'turns'; readonly count: number }
  | { readonly do: 'close' }
  | { readonly do: 'abandon' }

const texts = ['', 'a', 'b', '\0', '\0a', 'ü', '\u{1f600}', '\uffff', 'a/b', 'long'.repeat(20)]
const numbers = [0, -1, 1, 255, 1e300, 7, 8, 9, 10, -0.5]
const starts = [0, 3_600_000, 1_763_722_800_000, -3_600_000]

export interface Twin {
  readonly engines: () => StoreEngines
  readonly disk?: NameDisk
  readonly log?: ModelLog
  readonly limits?: Partial<StateLimits>
}

export class ModelTask {
  readonly clock: StillClock = new StillClock()
  readonly log: ModelLog
  readonly #twin: Twin
  readonly disk: NameDisk
  state!: TaskState
  /** What the open step sees, what is being committed, what is in the log and is seen by a query. */
  #open: Rows = new Map()
  #frozen: Rows = new Map()
  #committed: Rows = new Map()
  #step: ReturnType<ModelLog['freeze']> | null = null
  #flushes: Promise<void>[] = []
  #timestamp = 0

  constructor(twin: Twin) {
    this.#twin = twin
    this.disk = twin.disk ?? new NameDisk()
    this.log = twin.log ?? new ModelLog()
  }

  /** The next process after a crash: the same log, other engines and the names that are on the disk. */
  after(engines: StoreEngines): ModelTask {
    const next = new ModelTask({ ...this.#twin, engines: () => engines, disk: this.disk.copy(), log: this.log })
    next.#committed = new Map(this.#committed)
    next.#timestamp = this.#timestamp
    return next
  }

  /** Opens, verifies against the log, restores, compares. */
  async open(): Promise<void> {
    this.state = await TaskState.open({
      taskId: '0_0',
      folder: '/state/0_0',
      stores: modelStores,
      engines: this.#twin.engines(),
      disk: this.disk,
      clock: this.clock,
      verify: async (marks) => verifyMarks(marks, this.log.facts(marks), this.clock.now()),
      // Long enough for commits to happen while a flush waits.
      syncLog: () => this.run({ do: 'turns', count: 8 }),
      limits: { cacheBytes: 2_000, ...this.#twin.limits },
    })
    await this.log.restore(this.state, modelStores)
    this.#step = null
    this.#open = new Map(this.#committed)
    this.#frozen = new Map(this.#committed)
    await this.compare()
  }

  async run(command: Command): Promise<void> {
    this.#timestamp++
    switch (command.do) {
      case 'put':
        return this.#put(command.at, command.value)
      case 'delete':
        return this.#delete(command.at)
      case 'get':
        return expect(this.get(command.at), `get ${textOf(command.at)}`).toEqual(this.#open.get(textOf(command.at)))
      case 'expire':
        return this.#expire(this.#timestamp - command.age)
      case 'freeze':
        return this.#freeze()
      case 'commit':
        return this.#commit()
      case 'rollback':
        return this.#rollback()
      case 'flush':
        return this.flush(command.wait)
      case 'turns':
        for (let i = 0; i < command.count; i++) await this.clock.turn()
        return
      case 'close':
        await this.#settle()
        await this.state.close()
        return this.open()
      case 'abandon':
        await this.state.abandon()
        await this.#settle()
        return this.open()
    }
  }

  get({ store, key, start }: Place): unknown {
    const { name, kind } = modelStores[store]!
    const found =
      kind === 'window'
        ? this.state.windowStore(name).get(keyOf(store, key), starts[start]!)
        : this.state.keyValueStore(name).get(keyOf(store, key))
    return found && { value: found.value, timestamp: found.timestamp }
  }

  /** Everything that can be seen, on both sides. */
  async compare(): Promise<void> {
    for (const [store, { name, kind }] of modelStores.entries()) {
      const seen = new Map<string, unknown>()
      for await (const { key, start, row } of this.state.committedRows(name)) {
        seen.set(`${name} ${String(key)} ${start}`, { value: row.value, timestamp: row.timestamp })
      }
      expect(seen).toEqual(new Map([...this.#committed].filter(([text]) => text.startsWith(`${name} `))))
      for (const place of places(store)) {
        expect(this.get(place)).toEqual(this.#open.get(textOf(place)))
        expect(this.#query(place), 'a query').toEqual(this.#committed.get(textOf(place)))
      }
      if (kind === 'window') this.#compareIndex(store, name)
      if (modelStores[store]!.indexes !== undefined) await this.#compareScans(store, name)
    }
  }

  async #compareScans(store: number, name: string): Promise<void> {
    const rows = places(store).flatMap((place) => {
      const value = this.#open.get(textOf(place))?.value as number | undefined
      const kind = value === undefined ? null : kindOf(value)
      return kind === null ? [] : [{ kind, key: keyOf(store, place.key), value }]
    })
    const inOrder = rows.toSorted((a, b) => {
      return (
        Buffer.compare(Buffer.from(a.kind), Buffer.from(b.kind)) || Buffer.compare(keyBytes(store, a.key), keyBytes(store, b.key))
      )
    })
    const bounds = kinds.filter((kind) => kind !== null)
    const all = { by: 'key', from: undefined, to: undefined, reverse: false, index: 'by-kind' } as const
    expect(await this.#scanned(name, all)).toEqual(inOrder.map(({ key, value }) => [key, value]))
    for (const kind of bounds) {
      const own = inOrder.filter((row) => row.kind === kind).map(({ key, value }) => [key, value])
      const exact = { by: 'key', from: kind, to: kind, index: 'by-kind' } as const
      expect(await this.#scanned(name, { ...exact, reverse: false })).toEqual(own)
      expect(await this.#scanned(name, { ...exact, reverse: true })).toEqual(own.toReversed())
      const begun = inOrder.filter((row) => row.kind.startsWith(kind)).map(({ key, value }) => [key, value])
      const prefix = { by: 'prefix', prefix: Buffer.from(kind), reverse: false, index: 'by-kind' } as const
      expect(await this.#scanned(name, prefix)).toEqual(begun)
    }
  }

  async #scanned(name: string, range: ScanRange): Promise<unknown[]> {
    const found: unknown[] = []
    for await (const { key, row } of this.state.scanOpen(name, range)) found.push([key, row.value])
    return found
  }

  async flush(wait: boolean): Promise<void> {
    const flush = this.state.flush()
    flush.catch(() => {})
    if (wait) await flush
    else this.#flushes.push(flush)
  }

  async #settle(): Promise<void> {
    await Promise.allSettled(this.#flushes)
    this.#flushes = []
  }

  #query({ store, key, start }: Place): unknown {
    const { name, kind } = modelStores[store]!
    const found =
      kind === 'window'
        ? this.state.committedWindowGet(name, keyOf(store, key), starts[start]!)
        : this.state.committedGet(name, keyOf(store, key))
    return found && { value: found.value, timestamp: found.timestamp }
  }

  #compareIndex(store: number, name: string): void {
    const windows = this.state.windowStore(name)
    const open = places(store).filter((place) => this.#open.has(textOf(place)))
    const first = open.length === 0 ? undefined : Math.min(...open.map(({ start }) => starts[start]!))
    expect(windows.firstStart()).toBe(first)
    for (const [start, time] of starts.entries()) {
      const keys = open.filter((place) => place.start === start).map(({ key }) => keyOf(store, key))
      expect(windows.keysAt(time)).toEqual(keys.toSorted((a, b) => Buffer.compare(keyBytes(store, a), keyBytes(store, b))))
    }
  }

  #put(at: Place, value: number): void {
    const { name, kind } = modelStores[at.store]!
    const key = keyOf(at.store, at.key)
    if (kind === 'window') this.state.windowStore(name).put(key, starts[at.start]!, value, this.#timestamp)
    else this.state.keyValueStore(name).put(key, value, this.#timestamp)
    this.#open.set(textOf(at), { value, timestamp: this.#timestamp })
  }

  #delete(at: Place): void {
    const { name, kind } = modelStores[at.store]!
    const key = keyOf(at.store, at.key)
    if (kind === 'window') this.state.windowStore(name).delete(key, starts[at.start]!, this.#timestamp)
    else this.state.keyValueStore(name).delete(key, this.#timestamp)
    this.#open.delete(textOf(at))
  }

  #expire(through: number): void {
    const store = this.state.expiringStore<string, number>('expiring')
    const place = { store: modelStores.findIndex(({ name }) => name === 'expiring'), start: 0 }
    const isOver = ({ timestamp }: { timestamp: number }): boolean =>
      timestamp - (timestamp % stretchMs) + stretchMs - 1 <= through
    const over = texts.filter((_, key) => {
      const row = this.#open.get(textOf({ ...place, key }))
      return row !== undefined && isOver(row)
    })
    const taken: string[] = []
    while (store.hasExpired(through)) taken.push(...store.takeExpired(through, 2))
    expect(taken.toSorted()).toEqual(over.toSorted())
    for (const key of taken) {
      store.delete(key, this.#timestamp)
      this.#open.delete(textOf({ ...place, key: texts.indexOf(key) }))
    }
  }

  #freeze(): void {
    if (this.#step !== null) return
    this.#step = this.log.freeze(this.state)
    this.#frozen = new Map(this.#open)
  }

  #commit(): void {
    if (this.#step === null) return
    this.state.commitSucceeded(this.log.commit(modelStores, this.#step), this.clock.now())
    this.#step = null
    this.#committed = new Map(this.#frozen)
  }

  #rollback(): void {
    this.state.rollback()
    this.#step = null
    this.#open = new Map(this.#committed)
    this.#frozen = new Map(this.#committed)
  }
}

function places(store: number): Place[] {
  const windows = modelStores[store]!.kind === 'window' ? [...starts.keys()] : [0]
  return [...texts.keys()].flatMap((key) => windows.map((start) => ({ store, key, start })))
}

function keyOf(store: number, key: number): unknown {
  return isNumbers(store) ? numbers[key] : texts[key]
}

function keyBytes(store: number, key: unknown): Uint8Array {
  return isNumbers(store) ? numberSerde.write(key as number) : Buffer.from(key as string)
}

function isNumbers(store: number): boolean {
  return modelStores[store]!.key === numberSerde
}

function textOf({ store, key, start }: Place): string {
  const { name, kind } = modelStores[store]!
  return `${name} ${String(keyOf(store, key))} ${kind === 'window' ? starts[start] : -1}`
}
