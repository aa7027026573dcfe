/**
 * All stores of one task over one engine.
 *
 *   records → open step ──freeze──→ frozen ──commitSucceeded──→ committed ──flush──→ engine
 *                 ╰────────── rollback ─────────╯
 *
 * Invariants
 *   S1  The engine never leads the log: it holds a prefix of the committed changelogs, and its meta row says which.
 *   S2  One step is frozen at a time; the next one may be open meanwhile.
 *   S3  What a query sees is committed: it never comes from the open step, nor from the frozen one, whose commit may fail.
 *   S4  Damage is final: the sentinel stands from then on, and the next open wipes.
 */
import type { ScanRange, StoreRow } from '../task/scans.ts'
import type { ExpiringStore, KeyValueStore, Stamped, WindowStore } from '../task/stores.ts'
import { streamError } from '../time/stream-errors.ts'
import { committedRows, type CommittedRow } from './committed-rows.ts'
import { scanIndex } from './index-scan.ts'
import { openEngine, openWiped, type OpenedEngine } from './open-engine.ts'
import { restoreBatch, type ChangelogBatch } from './restore-batch.ts'
import { windowRow } from './row-keys.ts'
import { RowBounds, scanRows, type RowRange, type ScanRow } from './row-scan.ts'
import { StateAssembly, type StateParts } from './state-assembly.ts'
import type { FlushMeter } from './flusher.ts'
import type { StoreMark } from './state-marks.ts'
import type { ChangelogSink } from './store-layers.ts'
import type { StoreMeter } from './store-meter.ts'
import type { TaskStateOptions } from './task-state-options.ts'
import type { Verdict } from './verify-marks.ts'

export class TaskState {
  /** Why the engine was wiped when it was opened; null when it was kept or is new. */
  readonly wiped: string | null
  readonly #parts: StateParts
  /** Of the frozen step, what the engine is to have of it; null: none is frozen. */
  #frozen: { readonly records: number; readonly bytes: number } | null = null

  /**
   * Opens the engine of the task, or wipes it and starts from nothing: when the last open died (the sentinel stands), the
   * engine does not open, a batch is missing, the meta row is damaged, a store has gone or changed its kind, or `verify` says
   * so. Afterwards restore every store that has a changelog from `position(store)` to the end.
   * @throws STATE_DIRECTORY_LOCKED when another process holds the engine (nothing is wiped then), STORE_UNUSABLE
   */
  static async open(options: TaskStateOptions): Promise<TaskState> {
    const assembly = new StateAssembly(options)
    let opened = await openEngine(assembly.opening)
    const verdict = await askVerdict(opened, options)
    if (verdict.decision === 'wipe') {
      await opened.engine.close()
      opened = await openWiped(assembly.opening, opened.sentinel!, verdict.reason)
    }
    return new TaskState(assembly.parts, opened.wiped)
  }

  private constructor(parts: StateParts, wiped: string | null) {
    this.#parts = parts
    this.wiped = wiped
  }

  /** What has been found wrong with the engine since; null while it is sound. Abandon the state then and open it again. */
  get damage(): string | null {
    return this.#parts.sealed.damage
  }

  /** What happens to each store, and to the engine. */
  get meters(): readonly StoreMeter[] {
    return this.#parts.stores.all.map(({ layers }) => layers.meter)
  }

  get flushes(): FlushMeter {
    return this.#parts.flusher.meter
  }

  /** @throws STORE_UNKNOWN */
  keyValueStore<K, V>(name: string): KeyValueStore<K, V> {
    return this.#parts.stores.keyValue(name) as KeyValueStore<unknown, unknown> as KeyValueStore<K, V>
  }

  /** @throws STORE_UNKNOWN also when its rows are not found by time */
  expiringStore<K, V>(name: string): ExpiringStore<K, V> {
    return this.#parts.stores.expiring(name) as ExpiringStore<unknown, unknown> as ExpiringStore<K, V>
  }

  /** @throws STORE_UNKNOWN */
  windowStore<K, V>(name: string): WindowStore<K, V> {
    return this.#parts.stores.windows(name) as WindowStore<unknown, unknown> as WindowStore<K, V>
  }

  /** The next changelog offset that the store needs; 0 for a new one. */
  position(store: string): number {
    return this.#parts.progress.position(store)
  }

  /**
   * Applies a batch of the store's changelog, read committed; flushes as the committed layer grows. Only before the first
   * record is processed. @throws VALUE_UNREADABLE, STORE_WRITE_FAILED
   */
  async restore(store: string, batch: ChangelogBatch): Promise<void> {
    const { stores, progress, flusher } = this.#parts
    const found = stores.get(store)
    const { newestOffset, records, bytes } = restoreBatch(found, batch)
    progress.restored(store, batch, newestOffset)
    if (found.number === null) return
    flusher.noteCommitted(records, bytes)
    if (flusher.full) await this.flush()
  }

  /** Keys changed in the open step. */
  get openChanges(): number {
    let changes = 0
    for (const { layers } of this.#parts.stores.all) changes += layers.openSize
    return changes
  }

  /**
   * Ends the open step and begins the next: hands the last change of every key to the sink of its store, which is asked for
   * once for each store that has changes and an own changelog. Returns the number of records. When it throws (a value that
   * does not serialize), throw the sinks away and roll back.
   */
  freeze(sinkOf: (store: string) => ChangelogSink): number {
    if (this.#frozen !== null) throw streamError('BUG', { what: 'a step is frozen already' })
    let written = 0
    const waiting = { records: 0, bytes: 0 }
    for (const { layers, number } of this.#parts.stores.layers) {
      const { name, changelog } = layers.spec
      const { records, bytes } = layers.freeze(changelog?.kind === 'own' && layers.openSize > 0 ? sinkOf(name) : null)
      if (changelog !== undefined) written += records
      if (number === null) continue
      waiting.records += records
      waiting.bytes += bytes
    }
    this.#frozen = waiting
    return written
  }

  /**
   * The frozen step is committed. `marks`: of the stores whose changelog has grown, also by records of others (a source topic);
   * `time`: wall clock when the commit began.
   */
  commitSucceeded(marks: readonly StoreMark[], time: number): void {
    if (this.#frozen === null) throw streamError('BUG', { what: 'no step is frozen' })
    const { stores, progress, flusher } = this.#parts
    for (const { layers } of stores.layers) layers.commit()
    for (const mark of marks) progress.mark(mark)
    progress.commit(time)
    if (this.#frozen.records > 0 || marks.length > 0) flusher.noteCommitted(this.#frozen.records, this.#frozen.bytes)
    this.#frozen = null
  }

  /** Drops the frozen and the open step: the stores show what is committed. */
  rollback(): void {
    this.#frozen = null
    this.#parts.stores.rollback()
  }

  /** The committed layer is large or old enough to be written. False while a flush runs. */
  flushDue(nowMonotonicMs: number): boolean {
    return this.#parts.flusher.isDue(nowMonotonicMs)
  }

  /** A flush runs and the next one is due by size already: `await flush()` before taking more input. */
  get congested(): boolean {
    return this.#parts.flusher.congested
  }

  /** Writes what is committed to the engine as one batch, put together between turns. A flush that runs is joined. @throws STORE_WRITE_FAILED */
  flush(): Promise<void> {
    return this.#parts.flusher.run()
  }

  /** For queries. @throws STORE_UNKNOWN, STORE_CLOSED, STORE_CORRUPT */
  committedGet<K, V>(store: string, key: K): Stamped<V> | undefined {
    const { layers, keys } = this.#parts.stores.get(store)
    return layers.readCommitted(keys.keys.textOf(key)) as Stamped<V> | undefined
  }

  /** For queries. @throws STORE_UNKNOWN, STORE_CLOSED, STORE_CORRUPT */
  committedWindowGet<K, V>(store: string, key: K, start: number): Stamped<V> | undefined {
    const { layers, keys } = this.#parts.stores.get(store)
    return layers.readCommitted(windowRow(start, keys.keys.textOf(key))) as Stamped<V> | undefined
  }

  /** For queries: all rows as of the first call of `next`, those that wait for a flush first. */
  committedRows<K, V>(store: string): AsyncIterable<CommittedRow<K, V>> {
    const { stores, sealed } = this.#parts
    return committedRows(stores.get(store), sealed) as AsyncIterable<CommittedRow<K, V>>
  }

  /** For queries: the committed rows of a key whose window begins in `[from, to]`, by start. @throws STORE_UNKNOWN, STORE_CORRUPT */
  committedWindows<K, V>(store: string, key: K, from: number, to: number): CommittedRow<K, V>[] {
    const starts = this.#parts.stores
      .windows(store)
      .committedStarts(key)
      .filter((start) => start >= from && start <= to)
    return starts.flatMap((start) => {
      const row = this.committedWindowGet<K, V>(store, key, start)
      return row === undefined ? [] : [{ key, start, row }]
    })
  }

  /** For queries: the rows of a stretch as of the first call of `next`, in the order of their keys. @throws STORE_UNKNOWN, STORE_CORRUPT */
  scan<K, V>(store: string, rangeOf: (bounds: RowBounds) => RowRange): AsyncIterable<ScanRow<K, V>> {
    const { stores, sealed } = this.#parts
    const found = stores.get(store)
    return scanRows(found, sealed, rangeOf(new RowBounds(found.keys))) as AsyncIterable<ScanRow<K, V>>
  }

  /** For processors: rows as the open step has them when `next` is called first. @throws STORE_CORRUPT, STORE_CLOSED */
  scanOpen(store: string, range: ScanRange): AsyncIterable<StoreRow> {
    const { stores, sealed } = this.#parts
    if (range.by !== 'start' && range.index !== undefined) return scanIndex(stores.indexed(store, range.index), sealed, range)
    const found = stores.get(store)
    return scanRows(found, sealed, new RowBounds(found.keys).of(range), 'open')
  }

  /** Flushes what is committed, then closes; the open and a frozen step are dropped. @throws STORE_WRITE_FAILED */
  async close(): Promise<void> {
    const { flusher, sealed } = this.#parts
    try {
      while (sealed.damage === null && flusher.dirty) await flusher.run()
    } finally {
      await this.abandon()
    }
  }

  /** Closes without a flush: the engine stays behind the log, and the next open replays. */
  async abandon(): Promise<void> {
    await this.#parts.flusher.stop()
    await this.#parts.sealed.close()
  }
}

async function askVerdict({ engine, meta }: OpenedEngine, { verify }: TaskStateOptions): Promise<Verdict> {
  if (meta === null || verify === undefined) return { decision: 'keep' }
  try {
    return await verify(meta)
  } catch (error) {
    await engine.close()
    throw error
  }
}
