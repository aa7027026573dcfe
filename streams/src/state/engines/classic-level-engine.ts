/**
 * Engines on disk: classic-level 3, which is LevelDB 1.20. What it does wrong, and where that is met:
 *
 *   it acknowledges writes that it loses, after one write error     → here: the handle refuses every write after an error
 *   it opens with a hole in its history                             → chain.ts
 *   it returns damaged values, and may end the process on open      → engine-rows.ts (seal), sentinel.ts
 *   a repair may bring back what was deleted                        → never called; the store is wiped and restored
 */
import { ClassicLevel, type ChainedBatch } from 'classic-level'
import { streamError } from '../../time/stream-errors.ts'
import type { EngineBatch, EngineEntry, ScanRange, StoreEngine, StoreEngines } from '../engine.ts'

type Database = ClassicLevel<Uint8Array, Uint8Array>

const pageRows = 1_000
const nothing = new Uint8Array(0)

/** The chain of batches counts on the write buffer (chain.ts, H1). */
const settings = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  writeBufferSize: 4 * 1024 * 1024,
  cacheSize: 8 * 1024 * 1024,
  maxOpenFiles: 100,
  maxFileSize: 8 * 1024 * 1024,
  // Reading a row out of a compressed block costs half as much again; a store can be derived anew, so its size matters less.
  compression: false,
} as const

export class ClassicLevelEngines implements StoreEngines {
  readonly name: string = 'classic-level'
  readonly lossy: boolean = false

  async open(folder: string): Promise<StoreEngine> {
    const database: Database = new ClassicLevel(folder, settings)
    await database.open().catch((error: unknown) => refuse(error, folder))
    return new ClassicLevelEngine(database)
  }

  /** LevelDB takes its lock first, so that nothing is removed under an open handle. */
  async wipe(folder: string): Promise<void> {
    await ClassicLevel.destroy(folder).catch((error: unknown) => refuse(error, folder))
  }
}

function refuse(error: unknown, where: string): never {
  if (!isLocked(error)) throw error
  throw streamError('STATE_DIRECTORY_LOCKED', { what: 'the state of the task is open elsewhere', where, cause: error })
}

function isLocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'LEVEL_LOCKED') || isLocked(error.cause)
}

class ClassicLevelEngine implements StoreEngine {
  readonly #database: Database
  #writeError: unknown = null

  constructor(database: Database) {
    this.#database = database
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#database.getSync(key)
  }

  batch(): EngineBatch {
    return new ClassicLevelBatch(this.#database.batch(), (write) => this.#guard(write))
  }

  /** The iterator takes its snapshot here, not when the first page is asked for. */
  scan({ from, to, keysOnly = false, reverse = false }: ScanRange): AsyncIterable<readonly EngineEntry[]> {
    const range = { gte: from, lt: to, reverse }
    return keysOnly
      ? pages(this.#database.keys(range), (key) => [key, nothing])
      : pages(this.#database.iterator(range), (entry) => entry)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  /** Reliability.md, F1: after an error nothing that this handle acknowledges counts. */
  async #guard(write: () => Promise<void>): Promise<void> {
    if (this.#writeError !== null) throw this.#writeError
    try {
      await write()
    } catch (error) {
      this.#writeError = error
      throw error
    }
  }
}

class ClassicLevelBatch implements EngineBatch {
  readonly #batch: ChainedBatch<Database, Uint8Array, Uint8Array>
  readonly #guard: (write: () => Promise<void>) => Promise<void>

  constructor(batch: ChainedBatch<Database, Uint8Array, Uint8Array>, guard: (write: () => Promise<void>) => Promise<void>) {
    this.#batch = batch
    this.#guard = guard
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#batch.put(key, value)
  }

  delete(key: Uint8Array): void {
    this.#batch.del(key)
  }

  write(): Promise<void> {
    return this.#guard(() => this.#batch.write())
  }
}

interface Pager<T> {
  nextv(size: number): Promise<T[]>
  close(): Promise<void>
}

async function* pages<T>(
  pager: Pager<T>,
  entryOf: (item: T) => EngineEntry,
): AsyncGenerator<readonly EngineEntry[], void, undefined> {
  try {
    for (let page = await pager.nextv(pageRows); page.length > 0; page = await pager.nextv(pageRows)) yield page.map(entryOf)
  } finally {
    await pager.close()
  }
}
