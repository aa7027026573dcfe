/**
 * Moves what is committed into the engine: one atomic batch with the rows, the meta row and the chain marker, put together
 * between turns of the loop.
 *
 * Invariants
 *   W1  Rows and marks of one batch belong to the same moment: both are taken aside before the first turn.
 *   W2  The batch is written only after the log is durable that far (`syncLog`): the engine never leads the log.
 *   W3  One flush at a time; what is committed meanwhile waits for the next.
 */
import type { Clock } from '@millrace/core'
import { writeMarker } from './chain.ts'
import { Stat } from '../metrics/sampled.ts'
import { Timing } from '../metrics/timing.ts'
import type { Entry } from './entry.ts'
import type { Scratch } from './scratch.ts'
import type { SealedBatch, SealedEngine } from './sealed-engine.ts'
import { formatVersion, putMeta, type StateMeta } from './state-meta.ts'
import type { StoreLayers } from './store-layers.ts'

/** What makes a flush due: changelog bytes, changelog records, or the age of the oldest of them. */
export interface FlushLimits {
  readonly flushBytes: number
  readonly flushRecords: number
  readonly flushAgeMs: number
}

export interface FlusherOptions {
  readonly engine: SealedEngine
  readonly scratch: Scratch
  /** Stores that have rows in the engine. */
  readonly layers: readonly StoreLayers<unknown>[]
  readonly clock: Clock
  readonly syncLog: () => Promise<void>
  readonly limits: FlushLimits
  /** The number of the newest batch in the engine; 0 before the first. */
  readonly batch: number
  /** What the meta row says at this moment. */
  readonly marks: () => Pick<StateMeta, 'time' | 'stores'>
}

/** Writes that succeeded: how long they took, and how many changes each took along. */
export interface FlushMeter {
  readonly timing: Timing
  readonly records: Stat
}

const putsPerTurn = 1_000

export class Flusher {
  readonly meter: FlushMeter = { timing: new Timing(), records: new Stat() }
  readonly #options: FlusherOptions
  #batch: number
  #running: Promise<void> | null = null
  #stopped = false
  #records = 0
  #bytes = 0
  /** Monotonic time of the oldest change that waits; null: none waits. */
  #since: number | null = null

  constructor(options: FlusherOptions) {
    this.#options = options
    this.#batch = options.batch
  }

  /** Rows or marks have come into the committed layer. */
  noteCommitted(records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
    this.#since ??= this.#options.clock.monotonic()
  }

  /** Something is not in the engine: it waits, or a flush is on the way with it. */
  get dirty(): boolean {
    return this.#since !== null || this.#running !== null
  }

  /** The layer is as large as one flush may become. */
  get full(): boolean {
    const { flushBytes, flushRecords } = this.#options.limits
    return this.#bytes >= flushBytes || this.#records >= flushRecords
  }

  get congested(): boolean {
    return this.#running !== null && this.full
  }

  isDue(nowMonotonicMs: number): boolean {
    if (this.#running !== null || this.#since === null) return false
    return this.full || nowMonotonicMs - this.#since >= this.#options.limits.flushAgeMs
  }

  /** Joins the flush that runs, or begins one if something waits. @throws STORE_WRITE_FAILED, STORE_CORRUPT when it was damaged before */
  async run(): Promise<void> {
    if (this.#running === null && !this.dirty && this.#options.engine.damage === null) return
    this.#running ??= this.#flush().finally(() => (this.#running = null))
    await this.#running
  }

  /** A flush under way is given up before its write; resolves when none runs. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running?.catch(() => {})
  }

  async #flush(): Promise<void> {
    const { engine, layers, marks, clock } = this.#options
    const beganMs = clock.monotonic()
    const batch = engine.batch()
    const taken = layers.map((layer) => ({ layer, rows: layer.beginFlush() }))
    const meta = { format: formatVersion, batch: this.#batch + 1, ...marks() }
    const counted = this.#restartCounts()
    if (!(await this.#fill(batch, taken, counted))) return
    this.#close(batch, meta)
    await engine.write(batch)
    this.#batch = meta.batch
    for (const layer of layers) layer.endFlush()
    this.meter.timing.record(clock.monotonic() - beganMs)
    this.meter.records.record(counted.records)
  }

  /** Everything up to the write; when it fails, nothing has happened. False: stopped. */
  async #fill(batch: SealedBatch, taken: readonly TakenRows[], counted: Counts): Promise<boolean> {
    try {
      await this.#gather(batch, taken)
      await this.#options.syncLog()
    } catch (error) {
      for (const { layer } of taken) layer.undoFlush()
      this.noteCommitted(counted.records, counted.bytes)
      throw error
    }
    return !this.#stopped
  }

  #restartCounts(): Counts {
    const counted = { records: this.#records, bytes: this.#bytes }
    this.#records = 0
    this.#bytes = 0
    this.#since = null
    return counted
  }

  async #gather(batch: SealedBatch, taken: readonly TakenRows[]): Promise<void> {
    let puts = 0
    for (const { layer, rows } of taken) {
      for (const [row, entry] of rows) {
        layer.flushRow(row, entry, batch)
        if (++puts % putsPerTurn === 0) await this.#options.clock.turn()
        if (this.#stopped) return
      }
    }
  }

  #close({ batch }: SealedBatch, meta: StateMeta): void {
    putMeta(batch, this.#options.scratch, meta)
    writeMarker(batch, meta.batch)
  }
}

interface Counts {
  readonly records: number
  readonly bytes: number
}

interface TakenRows {
  readonly layer: StoreLayers<unknown>
  readonly rows: ReadonlyMap<string, Entry<unknown>>
}
