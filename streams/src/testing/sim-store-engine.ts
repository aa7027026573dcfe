/**
 * A store engine over which a simulation decides. It promises what LevelDB was measured to do, and nothing more
 * (reliability.md, F1–F3, §4.3).
 *
 *   one folder      base ─── batch ─ batch ─ batch ─ batch      what the handle shows is all of it
 *                    ↑          ╰─ the log: at most `logBatches`, of which a crash may lose a suffix or a run in the middle
 *                    ╰─ table files: nothing of it is lost, but values in it may rot
 *
 * Invariants
 *   M1  A batch is there whole or not at all.
 *   M2  A batch that was issued and not yet acknowledged is in the log already: a crash keeps it or loses it.
 *   M3  After an injected write error the handle acknowledges and shows later batches, and none of them is ever in the log.
 *   M4  What a snapshot holds never changes: any number of crashes can be derived from it, at no cost but their own.
 */
import type { Clock } from '@millrace/core'
import type { EngineBatch, EngineEntry, ScanRange, StoreEngine, StoreEngines } from '../state/engine.ts'
import { pagesOf, rowsIn, textOf } from '../state/engines/memory-engine.ts'
import { streamError } from '../time/stream-errors.ts'

type Change = readonly [key: string, value: Uint8Array | null]
type Batch = readonly Change[]

/** What lies in one folder; immutable. */
interface EngineImage {
  readonly base: ReadonlyMap<string, Uint8Array>
  readonly log: readonly Batch[]
}

/** All folders at one moment. Two snapshots are the same object when nothing happened in between. */
export type SimStoreSnapshot = ReadonlyMap<string, EngineImage>

/** What a crash does to the log of one folder, given how many batches are in it (the newest may be unacknowledged). */
export type Loss =
  | { readonly kind: 'none' }
  /** The newest `count` batches are gone: a power cut, or a batch that was under way. */
  | { readonly kind: 'suffix'; readonly count: number }
  /** `count` batches from index `first` on are gone, and later ones are there. */
  | { readonly kind: 'hole'; readonly first: number; readonly count: number }

const nothing: EngineImage = { base: new Map(), log: [] }

/** Every loss that a log of this many batches can suffer. */
export function losses(logBatches: number): Loss[] {
  const all: Loss[] = [{ kind: 'none' }]
  for (let count = 1; count <= logBatches; count++) {
    all.push({ kind: 'suffix', count })
    for (let first = 0; first + count < logBatches; first++) all.push({ kind: 'hole', first, count })
  }
  return all
}

export interface SimStoreOptions {
  readonly clock: Clock
  /** Batches that are in the log at most; older ones are in table files. Default 8. */
  readonly logBatches?: number
}

/** The disk of the engines of one simulated process. A crash makes the next one. */
export class SimStoreEngines implements StoreEngines {
  readonly name: string = 'simulated'
  readonly lossy: boolean = false
  /** Folders that were wiped, in order. */
  readonly wiped: string[] = []
  readonly #options: SimStoreOptions
  #images: SimStoreSnapshot
  readonly #handles: Map<string, SimStoreEngine> = new Map()
  readonly #aborts: Map<string, () => Promise<never>> = new Map()
  readonly #failures: Map<string, unknown> = new Map()

  constructor(options: SimStoreOptions, images: SimStoreSnapshot = new Map()) {
    this.#options = options
    this.#images = images
  }

  async open(folder: string): Promise<StoreEngine> {
    if (this.#handles.has(folder))
      throw streamError('STATE_DIRECTORY_LOCKED', { what: 'the engine is open already', where: folder })
    const abort = this.#aborts.get(folder)
    this.#aborts.delete(folder)
    if (abort !== undefined) await abort()
    const handle = new SimStoreEngine(folder, this, this.#options.clock)
    this.#handles.set(folder, handle)
    return handle
  }

  async wipe(folder: string): Promise<void> {
    if (this.#handles.has(folder)) throw streamError('STATE_DIRECTORY_LOCKED', { what: 'the engine is open', where: folder })
    this.wiped.push(folder)
    this.#replace(folder, null)
  }

  /** What would be found after a crash now. Costs nothing. */
  snapshot(): SimStoreSnapshot {
    return this.#images
  }

  /** The engines of the next process, after a crash at the moment of the snapshot. Its clock, if it has another. */
  crash(
    at: SimStoreSnapshot,
    lossOf: (folder: string, logBatches: number) => Loss,
    clock: Clock = this.#options.clock,
  ): SimStoreEngines {
    const images = [...at].map(([folder, image]) => [folder, survivors(image, lossOf(folder, image.log.length))] as const)
    return new SimStoreEngines({ ...this.#options, clock }, new Map(images))
  }

  /** The next write fails with the error, and the handle loses all that it acknowledges afterwards (M3). */
  failWrite(folder: string, error: unknown): void {
    this.#failures.set(folder, error)
  }

  /** The next open does what `abort` does: rejects, or never settles, as when the process ends in it. */
  abortOnOpen(folder: string, abort: () => Promise<never>): void {
    this.#aborts.set(folder, abort)
  }

  /** Turns one bit of the `pick`-th value that is not empty, in the order of the keys; on the disk and for an open handle. */
  rotValue(folder: string, pick: number, bit: number): void {
    const rows = this.rows(folder)
    const keys = [...rows]
      .filter(([, value]) => value.length > 0)
      .map(([key]) => key)
      .sort()
    const key = keys[pick % keys.length]
    if (key === undefined) return
    rows.set(key, turned(rows.get(key)!, bit))
    this.#replace(folder, { base: rows, log: [] })
    this.#handles.get(folder)?.reload()
  }

  /** For handles: the rows of a folder. */
  rows(folder: string): Map<string, Uint8Array> {
    const { base, log } = this.#images.get(folder) ?? nothing
    return log.reduce(apply, new Map(base))
  }

  /** For handles: a batch goes into the log. */
  append(folder: string, batch: Batch): void {
    const { base, log } = this.#images.get(folder) ?? nothing
    const whole = [...log, batch]
    const { logBatches = 8 } = this.#options
    const overflowing = whole.length > logBatches
    this.#replace(folder, overflowing ? { base: apply(new Map(base), whole[0]!), log: whole.slice(1) } : { base, log: whole })
  }

  /** For handles: the error that a write must fail with. */
  takeFailure(folder: string): unknown {
    const error = this.#failures.get(folder)
    this.#failures.delete(folder)
    return error
  }

  closed(folder: string): void {
    this.#handles.delete(folder)
  }

  #replace(folder: string, image: EngineImage | null): void {
    const images = new Map(this.#images)
    if (image === null) images.delete(folder)
    else images.set(folder, image)
    this.#images = images
  }
}

class SimStoreEngine implements StoreEngine {
  readonly #folder: string
  readonly #engines: SimStoreEngines
  readonly #clock: Clock
  #rows: Map<string, Uint8Array>
  #poisoned = false
  #closed = false

  constructor(folder: string, engines: SimStoreEngines, clock: Clock) {
    this.#folder = folder
    this.#engines = engines
    this.#clock = clock
    this.#rows = engines.rows(folder)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#refuseClosed()
    return this.#rows.get(textOf(key))
  }

  batch(): EngineBatch {
    return new SimBatch((changes) => this.#write(changes))
  }

  scan(range: ScanRange): AsyncIterable<readonly EngineEntry[]> {
    this.#refuseClosed()
    return pagesOf(rowsIn(this.#rows, range))
  }

  async close(): Promise<void> {
    await this.#clock.turn()
    this.#closed = true
    this.#engines.closed(this.#folder)
  }

  reload(): void {
    this.#rows = this.#engines.rows(this.#folder)
  }

  async #write(batch: Batch): Promise<void> {
    this.#refuseClosed()
    const failure = this.#engines.takeFailure(this.#folder)
    if (failure !== undefined) this.#poisoned = true
    else if (!this.#poisoned) this.#engines.append(this.#folder, batch)
    await this.#clock.turn()
    if (failure !== undefined) throw failure
    apply(this.#rows, batch)
  }

  #refuseClosed(): void {
    if (this.#closed) throw new Error('the simulated engine is closed')
  }
}

class SimBatch implements EngineBatch {
  readonly #changes: Change[] = []
  readonly #write: (batch: Batch) => Promise<void>

  constructor(write: (batch: Batch) => Promise<void>) {
    this.#write = write
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#changes.push([textOf(key), new Uint8Array(value)])
  }

  delete(key: Uint8Array): void {
    this.#changes.push([textOf(key), null])
  }

  write(): Promise<void> {
    return this.#write(this.#changes)
  }
}

function survivors(image: EngineImage, loss: Loss): EngineImage {
  if (loss.kind === 'none') return image
  const from = loss.kind === 'suffix' ? image.log.length - loss.count : loss.first
  return { base: image.base, log: image.log.toSpliced(from, loss.count) }
}

function apply(rows: Map<string, Uint8Array>, batch: Batch): Map<string, Uint8Array> {
  for (const [key, value] of batch) {
    if (value === null) rows.delete(key)
    else rows.set(key, value)
  }
  return rows
}

function turned(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  const at = (bit >> 3) % copy.length
  copy[at] = copy[at]! ^ (1 << (bit & 7))
  return copy
}
