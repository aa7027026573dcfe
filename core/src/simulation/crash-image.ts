import type { Content } from './content.ts'
import type { DiskSnapshot, UnsettledFile } from './disk-snapshot.ts'
import {
  apply,
  changed,
  emptyDisk,
  settledFile,
  withNames,
  type DiskState,
  type FileState,
  type FolderState,
  type Inode,
  type NameChange,
} from './disk-state.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { SimRandom } from './sim-random.ts'
import { prefixOfContent, prefixOfNames, scatteredContent, subsetOfNames } from './survival.ts'

/**
 * How the process ended.
 * `kill9`: the kernel lives; everything issued survives, a write in flight may be cut short. What was not synced still is not:
 *   a power cut in the next life may take it.
 * `prefix`: power cut; of each file a prefix of what was pending survives, its last write torn; of the names, a prefix.
 * `any`: power cut on a disk that promises nothing but what was synced: any sectors, any names, sizes with or without data.
 */
export type CrashMode = 'kill9' | 'prefix' | 'any'

export const crashModes: readonly CrashMode[] = ['kill9', 'prefix', 'any']

/** What survives of that which may be lost: as little as can be, as much as can be, or something between. */
export type Survival = 'least' | 'most' | SimRandom

/** A disk as it is found: immutable, and cheap to make, since it shares all that is not in question. */
export class DiskImage {
  static readonly empty: DiskImage = new DiskImage(emptyDisk)

  readonly state: DiskState
  #fingerprint: string | undefined

  constructor(state: DiskState) {
    this.state = state
  }

  /** Equal for images that no program can tell apart, in this life or after a further crash. */
  fingerprint(): string {
    return (this.#fingerprint ??= fingerprintOf(this.state))
  }
}

/** Whether images of the mode can differ at all at this moment. */
export function hasChoice(snapshot: DiskSnapshot, mode: CrashMode): boolean {
  return mode === 'kill9' ? snapshot.inFlight.length > 0 : !snapshot.isDurable
}

export function crashImage(snapshot: DiskSnapshot, mode: CrashMode, survival: Survival): DiskImage {
  return new DiskImage(mode === 'kill9' ? afterKill(snapshot, survival) : afterPowerCut(snapshot, mode, survival))
}

function afterKill(snapshot: DiskSnapshot, survival: Survival): DiskState {
  const { state, unsettledFiles, inFlight } = snapshot
  const files = new Map(state.files)
  for (const unsettled of unsettledFiles) files.set(unsettled.inode, withPartOfFlights(unsettled, survival))
  return { ...state, files, order: state.order + inFlight.length }
}

function withPartOfFlights({ file, changes, inFlight }: UnsettledFile, survival: Survival): FileState {
  let state = file
  for (const change of changes.slice(changes.length - inFlight)) {
    if (change.kind !== 'write') continue
    const length = shortLength(change.bytes.length, survival)
    if (length > 0) state = changed(state, { ...change, bytes: change.bytes.subarray(0, length) })
  }
  return state
}

/** The kernel copies page by page, but nothing promises that it does. */
function shortLength(length: number, survival: Survival): number {
  if (survival === 'least') return 0
  return survival === 'most' ? length : survival.int(length + 1)
}

function afterPowerCut(snapshot: DiskSnapshot, mode: 'prefix' | 'any', survival: Survival): DiskState {
  const { state } = snapshot
  const files = new Map(state.files)
  for (const { inode, file, changes } of snapshot.unsettledFiles) {
    files.set(inode, settledFile(survivingContent(file.durable, changes, mode, survival)))
  }
  const names = survivingNames(state.names, mode, survival)
  return { ...state, files, folders: settledFolders(snapshot, names), names: [] }
}

function survivingContent(
  durable: Content,
  changes: UnsettledFile['changes'],
  mode: 'prefix' | 'any',
  survival: Survival,
): Content {
  if (survival === 'least') return durable
  if (survival === 'most') return changes.reduce(apply, durable)
  return mode === 'prefix' ? prefixOfContent(durable, changes, survival) : scatteredContent(durable, changes, survival)
}

function survivingNames(names: readonly NameChange[], mode: 'prefix' | 'any', survival: Survival): readonly NameChange[] {
  if (survival === 'least' || names.length === 0) return []
  if (survival === 'most') return names
  return mode === 'prefix' ? prefixOfNames(names, survival) : subsetOfNames(names, survival)
}

function settledFolders(snapshot: DiskSnapshot, names: readonly NameChange[]): ReadonlyMap<Inode, FolderState> {
  const { state, unsettledFolders } = snapshot
  if (unsettledFolders.length === 0) return state.folders
  const folders = new Map(state.folders)
  for (const [inode, { durable }] of unsettledFolders) folders.set(inode, { durable, live: durable })
  for (const [inode, found] of withNames(names, (folder) => state.folders.get(folder)?.durable)) {
    folders.set(inode, { durable: found, live: found })
  }
  return folders
}
