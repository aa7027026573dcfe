/**
 * Opening an engine, so that what comes out is sound in itself or new.
 *
 *   sentinel stands? → wipe
 *   raise the sentinel → open → meta row, chain, stores → `inspect` (the caller reads what it needs) → lower the sentinel
 *     └ anything wrong: wipe, open a new one
 *
 * Whether it agrees with the log is asked afterwards (verify-marks.ts), because that needs the log and may fail by itself.
 *
 * Invariants
 *   O1  Whenever an engine is opened or wiped the sentinel stands: a process that dies meanwhile leaves it, and the next wipes.
 *   O2  Nothing is wiped that another process holds.
 */
import { MillraceError, type Disk } from '@millrace/core'
import { streamError } from '../time/stream-errors.ts'
import { chainDamage } from './chain.ts'
import { metaKey, wholeRange } from './engine-rows.ts'
import type { StoreEngine, StoreEngines } from './engine.ts'
import type { Scratch } from './scratch.ts'
import { Sentinel } from './sentinel.ts'
import { storesDiffer, readMeta, type StateMeta } from './state-meta.ts'
import type { StoreSpec } from './store-spec.ts'

export interface EngineOpening {
  readonly folder: string
  readonly engines: StoreEngines
  readonly disk: Disk
  readonly stores: readonly StoreSpec[]
  readonly scratch: Scratch
  /** Reads the rest that is needed; what it throws is damage. Called again for the engine that follows a wiped one. */
  readonly inspect: (engine: StoreEngine, meta: StateMeta | null) => Promise<void>
}

export interface OpenedEngine {
  readonly engine: StoreEngine
  /** Null: a new engine. */
  readonly meta: StateMeta | null
  /** Why the one before was wiped; null when it was not. */
  readonly wiped: string | null
  readonly sentinel: Sentinel | null
}

/** @throws STATE_DIRECTORY_LOCKED, STORE_UNUSABLE */
export async function openEngine(opening: EngineOpening): Promise<OpenedEngine> {
  if (opening.engines.lossy) return openLossy(opening)
  return orUnusable(opening, async () => {
    opening.disk.makeFolder(opening.folder)
    const sentinel = new Sentinel(opening.disk, opening.folder)
    return sentinel.stands
      ? wipeAndOpen(opening, sentinel, 'the last open did not end, or damage was found after it')
      : openOrWipe(opening, sentinel)
  })
}

/** Wipes an engine that is closed, and opens a new one. @throws STATE_DIRECTORY_LOCKED, STORE_UNUSABLE */
export async function openWiped(opening: EngineOpening, sentinel: Sentinel, reason: string): Promise<OpenedEngine> {
  return orUnusable(opening, () => wipeAndOpen(opening, sentinel, reason))
}

async function openOrWipe(opening: EngineOpening, sentinel: Sentinel): Promise<OpenedEngine> {
  sentinel.raise()
  const found = await openSound(opening).catch((error: unknown) => ({ error }))
  if ('error' in found) {
    if (!isLocked(found.error)) return wipeAndOpen(opening, sentinel, messageOf(found.error))
    sentinel.lower()
    throw found.error
  }
  await lower(sentinel, found.engine)
  return { ...found, sentinel, wiped: null }
}

async function wipeAndOpen(opening: EngineOpening, sentinel: Sentinel, reason: string): Promise<OpenedEngine> {
  sentinel.raise()
  await opening.engines.wipe(enginePath(opening))
  const found = await openSound(opening)
  await lower(sentinel, found.engine)
  return { ...found, sentinel, wiped: reason }
}

/** A sentinel that cannot be lowered leaves nothing open behind it. */
async function lower(sentinel: Sentinel, engine: StoreEngine): Promise<void> {
  try {
    sentinel.lower()
  } catch (error) {
    await engine.close().catch(() => {})
    throw error
  }
}

/** A new engine that does not open, or a sentinel that cannot be set, is not the engine's fault. */
async function orUnusable<T>({ folder }: EngineOpening, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (isLocked(error)) throw error
    throw streamError('STORE_UNUSABLE', { what: 'the state of the task does not open', where: folder, cause: error })
  }
}

async function openLossy(opening: EngineOpening): Promise<OpenedEngine> {
  const engine = await opening.engines.open(enginePath(opening))
  await opening.inspect(engine, null)
  return { engine, meta: null, wiped: null, sentinel: null }
}

async function openSound(opening: EngineOpening): Promise<{ engine: StoreEngine; meta: StateMeta | null }> {
  const engine = await opening.engines.open(enginePath(opening))
  try {
    const meta = await soundMeta(engine, opening)
    await opening.inspect(engine, meta)
    return { engine, meta }
  } catch (error) {
    await engine.close().catch(() => {})
    throw error
  }
}

/** Throws with the reason when the engine is damaged. */
async function soundMeta(engine: StoreEngine, { scratch, stores }: EngineOpening): Promise<StateMeta | null> {
  const sealed = engine.get(metaKey)
  if (sealed === undefined) return refuse(await rowsWithoutMeta(engine), null)
  const meta = readMeta(scratch, sealed)
  if (meta === null) return refuse('the meta row is damaged, or of another format', null)
  return refuse((await chainDamage(engine, meta.batch)) ?? storesDiffer(meta, stores), meta)
}

async function rowsWithoutMeta(engine: StoreEngine): Promise<string | null> {
  for await (const page of engine.scan({ ...wholeRange, keysOnly: true })) {
    if (page.length > 0) return 'there are rows but no meta row'
  }
  return null
}

function refuse(reason: string | null, meta: StateMeta | null): StateMeta | null {
  if (reason !== null) throw streamError('STORE_CORRUPT', { what: reason })
  return meta
}

/** Where the engine of a task has its files. */
export function enginePath({ folder }: Pick<EngineOpening, 'folder'>): string {
  return `${folder}/store`
}

function isLocked(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'STATE_DIRECTORY_LOCKED'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
