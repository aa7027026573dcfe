import { Content } from './content.ts'

/**
 * What a simulated disk holds: an immutable tree of states that a snapshot can share.
 *
 *   files     inode → { durable, live, pending }     what the platter has · what reads see · what lies between
 *   folders   inode → { durable, live }              names → inodes, in both views
 *   names     pending changes of names, oldest first, over all folders
 *
 * Invariants
 *   S1  `live` is `durable` with all of `pending` applied, except where a failed sync dropped some (`dropped`): then the
 *       page cache goes on showing what the platter never got, and no later sync brings it there.
 *   S2  Where nothing is pending and nothing was dropped, `durable` and `live` are the same object.
 *   S3  `order` numbers rise over the whole disk; those pending for one file or one name stand in the order of their effect.
 */
export interface DiskState {
  readonly files: ReadonlyMap<Inode, FileState>
  readonly folders: ReadonlyMap<Inode, FolderState>
  readonly names: readonly NameChange[]
  readonly nextInode: Inode
  /** The number of the newest change. */
  readonly order: number
}

/** The identity of a file or folder, whatever its names. */
export type Inode = number

export const rootInode: Inode = 0

export interface FileState {
  readonly durable: Content
  readonly live: Content
  readonly pending: Pending | null
  readonly dropped: boolean
}

export interface FolderState {
  readonly durable: ReadonlyMap<string, Inode>
  readonly live: ReadonlyMap<string, Inode>
}

/** Pending changes of a file, newest first: adding one is cheap, and snapshots share the rest. */
interface Pending {
  readonly change: FileChange
  readonly before: Pending | null
}

export type FileChange = WriteChange | ResizeChange

export interface WriteChange {
  readonly kind: 'write'
  readonly order: number
  readonly position: number
  readonly bytes: Uint8Array
}

interface ResizeChange {
  readonly kind: 'resize'
  readonly order: number
  readonly sizeBytes: number
}

/** `inode` gets the name, or nothing has it any more (null). With `from` it loses that name in the same instant. */
export interface NameChange {
  readonly order: number
  readonly folder: Inode
  readonly name: string
  readonly inode: Inode | null
  readonly from: { readonly folder: Inode; readonly name: string } | null
}

export const emptyFile: FileState = { durable: Content.empty, live: Content.empty, pending: null, dropped: false }

const noNames: ReadonlyMap<string, Inode> = new Map()
export const emptyFolder: FolderState = { durable: noNames, live: noNames }

export const emptyDisk: DiskState = {
  files: new Map(),
  folders: new Map([[rootInode, emptyFolder]]),
  names: [],
  nextInode: rootInode + 1,
  order: 0,
}

/** A file whose whole content is durable. */
export function settledFile(content: Content): FileState {
  return { durable: content, live: content, pending: null, dropped: false }
}

export function isSettled({ pending, dropped }: FileState): boolean {
  return pending === null && !dropped
}

export function changed(file: FileState, change: FileChange): FileState {
  const { durable, dropped } = file
  return { durable, live: apply(file.live, change), pending: { change, before: file.pending }, dropped }
}

export function apply(content: Content, change: FileChange): Content {
  return change.kind === 'write' ? content.write(change.position, change.bytes) : content.resize(change.sizeBytes)
}

/** Pending changes, oldest first. */
export function pendingOf(file: FileState): FileChange[] {
  const changes: FileChange[] = []
  for (let at = file.pending; at !== null; at = at.before) changes.push(at.change)
  return changes.reverse()
}

/** After a sync: everything up to `order` is durable. What came while the sync ran stays pending. */
export function synced(file: FileState, order: number): FileState {
  const { live, dropped } = file
  if (file.pending === null) return file
  if (!dropped && file.pending.change.order <= order) return settledFile(live)
  let { durable } = file
  let pending: Pending | null = null
  for (const change of pendingOf(file)) {
    if (change.order <= order) durable = apply(durable, change)
    else pending = { change, before: pending }
  }
  return { durable, live, pending, dropped }
}

/** After a sync that failed: reads go on showing what will never be durable. */
export function dropPending(file: FileState): FileState {
  return file.pending === null ? file : { ...file, pending: null, dropped: true }
}

/** The maps of one view of the folders, with changes of names applied in order: only those that differ. */
export function withNames(
  changes: readonly NameChange[],
  namesOf: (folder: Inode) => ReadonlyMap<string, Inode> | undefined,
): Map<Inode, ReadonlyMap<string, Inode>> {
  const copies = new Map<Inode, Map<string, Inode>>()
  const copyOf = (folder: Inode): Map<string, Inode> => {
    const copy = copies.get(folder) ?? new Map(namesOf(folder))
    copies.set(folder, copy)
    return copy
  }
  for (const { folder, name, inode, from } of changes) {
    if (from !== null) copyOf(from.folder).delete(from.name)
    if (inode === null) copyOf(folder).delete(name)
    else copyOf(folder).set(name, inode)
  }
  return copies
}

/** The names that a change touches; of two changes with a name in common the later is never found without the earlier. */
export function placesOf({ folder, name, from }: NameChange): readonly string[] {
  return from === null ? [`${folder}/${name}`] : [`${folder}/${name}`, `${from.folder}/${from.name}`]
}
