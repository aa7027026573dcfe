/**
 * What the operators of a task stand on, on plain maps: the reference that the runtime is compared with. The operators are the
 * real ones; there is no overlay, cache, commit or clock, and nothing is ever restored.
 */
import type { Header, Timer } from '@millrace/core'
import type { SubTopology } from '../plan/plan.ts'
import { Closers } from '../task/closers.ts'
import { Completions } from '../task/completions.ts'
import { HeldUpdates } from '../task/held-updates.ts'
import { Punctuators } from '../task/punctuators.ts'
import { RecordContext } from '../task/record-context.ts'
import { Scans, type ScanRange, type StoreRow, type StoreScan } from '../task/scans.ts'
import type { ExpiringStore, GlobalStore, KeyValueStore, WindowStore } from '../task/stores.ts'
import type { Closer, StreamTime } from '../task/stream-time.ts'
import type { DropReason, ErrorPolicy, Output, Route, TaskContext } from '../task/task-context.ts'
import { MemoryStore, MemoryWindowStore, type MemoryRow } from './memory-stores.ts'
import { MemoryTimers } from './memory-timers.ts'
import { taskTime } from '../time/task-time.ts'

/** A record that a sink was given. */
export interface MemoryOutput {
  readonly sink: string
  readonly topic: string
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly headers: readonly Header[]
  /** Where a partitioner chose them. */
  readonly partitions?: readonly number[]
}

export interface MemoryContextOptions {
  readonly subTopology: SubTopology
  /** Default 0. */
  readonly partition?: number
  /** Default `fail`. */
  readonly errorPolicy?: ErrorPolicy
  /** By the name of their store. Default: none. */
  readonly globalStores?: ReadonlyMap<string, GlobalStore<unknown, unknown>>
  /** Of a topic that a sink chooses; null: there is none of the name. Default: 1. */
  readonly partitionsOf?: (topic: string) => number | null
  /** The wall clock at first. Default 0. */
  readonly nowMs?: number
}

export class MemoryStreamTime implements StreamTime {
  now: number = -1
  closedThrough: number = -1

  advance(timestamp: number): void {
    this.now = Math.max(this.now, timestamp)
  }

  close(windowEnd: number): void {
    this.closedThrough = Math.max(this.closedThrough, windowEnd)
  }
}

export class MemoryContext implements TaskContext {
  readonly taskId: string
  readonly partition: number
  readonly errorPolicy: ErrorPolicy
  readonly writePolicy: ErrorPolicy
  readonly record: RecordContext = new RecordContext()
  readonly punctuators: Punctuators
  readonly completions: Completions = new Completions()
  readonly held: HeldUpdates = new HeldUpdates()
  readonly scans: Scans = new Scans()
  node: string = ''
  /** The wall clock; it stands still until somebody moves it. */
  now: number
  /** How often a processor asked for a commit. */
  commitRequests: number = 0
  /** Everything that sinks were given, in order. */
  readonly outputs: MemoryOutput[] = []
  readonly drops: Map<DropReason, number> = new Map<DropReason, number>()
  /** What user code threw under the policy `skip`. */
  readonly failures: unknown[] = []
  readonly keyValueStores: ReadonlyMap<string, MemoryStore<unknown, unknown>>
  readonly windowStores: ReadonlyMap<string, MemoryWindowStore<unknown, unknown>>
  readonly streamTimes: ReadonlyMap<string, MemoryStreamTime>
  readonly #globalStores: ReadonlyMap<string, GlobalStore<unknown, unknown>>
  readonly #topics: ReadonlyMap<string, string | null>
  readonly #partitionsOf: (topic: string) => number | null
  readonly #closers = new Closers()
  readonly #timers = new MemoryTimers()
  #isEnding = false

  constructor({
    subTopology,
    partition = 0,
    errorPolicy = 'fail',
    globalStores = new Map(),
    partitionsOf = () => 1,
    nowMs = 0,
  }: MemoryContextOptions) {
    this.#partitionsOf = partitionsOf
    const { id, stores, sinks, streamTimes } = subTopology
    this.taskId = `${id}_${partition}`
    this.partition = partition
    this.errorPolicy = errorPolicy
    this.writePolicy = errorPolicy
    this.now = nowMs
    this.keyValueStores = new Map(
      stores
        .filter((store) => store.kind === 'keyValue')
        .map(({ name, key, indexes }) => [name, new MemoryStore<unknown, unknown>(name, key, indexes)]),
    )
    this.windowStores = new Map(
      stores
        .filter(({ kind }) => kind !== 'keyValue')
        .map(({ name, key }) => [name, new MemoryWindowStore<unknown, unknown>(name, key)]),
    )
    this.streamTimes = new Map(streamTimes.map((name) => [name, new MemoryStreamTime()]))
    this.punctuators = new Punctuators(this.streamTimes.get(taskTime) ?? null, () => this.now)
    this.#globalStores = globalStores
    this.#topics = new Map(sinks.map(({ name, topic }) => [name, topic]))
  }

  keyValueStore<K, V>(name: string): KeyValueStore<K, V> {
    return given(this.keyValueStores, name) as KeyValueStore<K, V>
  }

  expiringStore<K, V>(name: string): ExpiringStore<K, V> {
    return given(this.keyValueStores, name) as ExpiringStore<unknown, unknown> as ExpiringStore<K, V>
  }

  windowStore<K, V>(name: string): WindowStore<K, V> {
    return given(this.windowStores, name) as WindowStore<K, V>
  }

  globalStore<K, V>(name: string): GlobalStore<K, V> {
    return given(this.#globalStores, name) as GlobalStore<K, V>
  }

  streamTime(operator: string): StreamTime {
    return given(this.streamTimes, operator)
  }

  output<K, V>(sink: string): Output<K, V> {
    const known = given(this.#topics, sink)
    const append = (key: K, value: V, timestamp: number, headers: readonly Header[], route?: Route): void => {
      const topic = route?.topic ?? known ?? ''
      const chosen = route === undefined || route.partitions === null ? {} : { partitions: route.partitions }
      this.outputs.push({ sink, topic, key, value, timestamp, headers, ...chosen })
    }
    return { append, partitions: this.#partitionsOf }
  }

  /** What a store of any kind holds; undefined: this task has none of that name. */
  rowsOf(store: string): readonly MemoryRow[] | undefined {
    return (this.keyValueStores.get(store) ?? this.windowStores.get(store))?.rows()
  }

  drop(reason: DropReason): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1)
  }

  failed(error: unknown): void {
    this.drop('failed')
    this.failures.push(error)
  }

  unwritten(error: unknown): void {
    this.failed(error)
  }

  requestCommit(): void {
    this.commitRequests++
  }

  after(delayMs: number, work: () => void): Timer {
    return this.#timers.add(this.now + delayMs, work)
  }

  addCloser(closer: Closer): void {
    this.#closers.add(closer)
  }

  addLoop(): void {
    this.#closers.addLoop()
  }

  due(closer: Closer): void {
    this.#closers.due(closer)
  }

  /**
   * What follows from an event: scans; then everything that is due, rows of closed windows, then punctuations, until nothing is; then what
   * waits for a commit, which is here.
   */
  runDue(): void {
    do {
      this.#scan()
      this.closeDue()
      while (this.punctuators.hasDue) {
        this.punctuators.fire()
        this.#scan()
        this.closeDue()
      }
    } while (this.held.letGo())
  }

  #scan(): void {
    for (let scan = this.scans.next(); scan !== undefined; scan = this.scans.next()) {
      if (takesAll(scan, this.#rowsIn(scan.store, scan.range))) scan.end()
    }
  }

  #rowsIn(store: string, range: ScanRange): Iterable<StoreRow> {
    return (this.keyValueStores.get(store) ?? given(this.windowStores, store)).rowsIn(range)
  }

  /** Lets every operator that is due emit all it has, `limit` rows a call. */
  closeDue(limit: number = Infinity): void {
    while (this.#closers.hasDue) {
      this.record.setEvent(this.partition)
      this.#closers.closeDue(this.scans.areUsed ? 1 : limit)
      this.#scan()
    }
  }

  /** The wall clock goes on, in one leap; what timers do then has not arrived yet. */
  advanceWallClock(ms: number): void {
    this.now += ms
    this.#timers.runDue(this.now)
    this.punctuators.lookAtClock()
  }

  /** Handles the calls that have ended up to now, and what becomes due by that. Returns how many. */
  complete(): number {
    let handled = 0
    for (; this.completions.hasArrived; handled++) {
      this.completions.handleNext()
      this.runDue()
    }
    if (this.#isEnding) this.endOfInput()
    return handled
  }

  /** Where calls have not ended it stops before the operators behind them; `complete` goes on. */
  endOfInput(): void {
    this.#isEnding = true
    do {
      this.runDue()
      if (this.completions.pending > 0) return
    } while (this.#closers.endNext())
    this.#isEnding = false
  }
}

function takesAll(scan: StoreScan, rows: Iterable<StoreRow>): boolean {
  for (const row of rows) if (!scan.take(row)) return false
  return true
}

function given<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name)
  if (found === undefined) throw new Error(`the plan has no "${name}", only ${[...all.keys()].join(', ') || 'nothing'}`)
  return found
}
