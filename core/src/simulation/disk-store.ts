import {
  emptyFolder,
  placesOf,
  rootInode,
  withNames,
  type DiskState,
  type FileState,
  type FolderState,
  type Inode,
  type NameChange,
} from './disk-state.ts'

/**
 * The state of a disk that is in use: maps that are changed in place until someone freezes them.
 *
 * Invariants
 *   O1  A frozen state never changes: the first change after `freeze` copies the map it touches, and only that one.
 *   O2  A change of a name belongs to the folder in which the name appears or vanishes. A rename belongs to its target's:
 *       syncing only the folder it came from promises nothing.
 */
export class DiskStore {
  #files: Map<Inode, FileState>
  #folders: Map<Inode, FolderState>
  #names: readonly NameChange[]
  #nextInode: Inode
  #order: number
  #frozen: DiskState | null
  #ownsFiles = false
  #ownsFolders = false

  constructor(state: DiskState) {
    // The casts are safe by O1: the maps are copied before the first change.
    this.#files = state.files as Map<Inode, FileState>
    this.#folders = state.folders as Map<Inode, FolderState>
    this.#names = state.names
    this.#nextInode = state.nextInode
    this.#order = state.order
    this.#frozen = state
  }

  /** The state as it is now; the same object as long as nothing changes. */
  freeze(): DiskState {
    if (this.#frozen !== null) return this.#frozen
    this.#ownsFiles = false
    this.#ownsFolders = false
    const [files, folders, names, nextInode, order] = [this.#files, this.#folders, this.#names, this.#nextInode, this.#order]
    this.#frozen = { files, folders, names, nextInode, order }
    return this.#frozen
  }

  /** The number of the newest change. */
  get order(): number {
    return this.#order
  }

  nextOrder(): number {
    this.#order += 1
    return this.#order
  }

  file(inode: Inode): FileState | undefined {
    return this.#files.get(inode)
  }

  folder(inode: Inode): FolderState | undefined {
    return this.#folders.get(inode)
  }

  fileInodes(): readonly Inode[] {
    return [...this.#files.keys()]
  }

  setFile(inode: Inode, file: FileState): void {
    if (this.#files.get(inode) !== file) this.#changeFiles().set(inode, file)
  }

  addFile(file: FileState): Inode {
    const inode = this.#nextInode++
    this.#changeFiles().set(inode, file)
    return inode
  }

  addFolder(): Inode {
    const inode = this.#nextInode++
    this.#changeFolders().set(inode, emptyFolder)
    return inode
  }

  /** Changes names in the live view at once; the durable view waits for `syncNames`. */
  changeName(change: Omit<NameChange, 'order'>): void {
    const numbered = { ...change, order: this.nextOrder() }
    for (const [inode, live] of withNames([numbered], (folder) => this.#folders.get(folder)?.live)) {
      this.#changeFolder(inode, { live })
    }
    this.#names = [...this.#names, numbered]
  }

  /** Changes a name in both views at once: for what no crash is to play with. */
  setNameDurably(inode: Inode, name: string, child: Inode | null): void {
    const folder = this.#folders.get(inode)
    if (folder === undefined) return
    const live = withName(folder.live, name, child)
    const durable = folder.durable === folder.live ? live : withName(folder.durable, name, child)
    this.#changeFolders().set(inode, { durable, live })
  }

  /** Makes the folder's pending changes durable, with the earlier ones they depend on. Returns whether names vanished. */
  syncNames(folder: Inode): boolean {
    const chosen = belongingTo(folder, this.#names)
    if (chosen.size === 0) return false
    const changes = this.#names.filter((change) => chosen.has(change))
    this.#names = this.#names.filter((change) => !chosen.has(change))
    for (const [inode, durable] of withNames(changes, (touched) => this.#folders.get(touched)?.durable)) {
      this.#changeFolder(inode, this.#hasPendingNames(inode) ? { durable } : { durable: this.#folders.get(inode)!.live })
    }
    return changes.some(({ inode, from }) => inode === null || from !== null)
  }

  /** Forgets inodes that no name, pending change or open file leads to. */
  sweep(open: Iterable<Inode>): void {
    const reached = new Set<Inode>(open)
    for (const { inode } of this.#names) if (inode !== null) this.#reach(inode, reached)
    this.#reach(rootInode, reached)
    for (const inode of this.#files.keys()) if (!reached.has(inode)) this.#changeFiles().delete(inode)
    for (const inode of this.#folders.keys()) if (!reached.has(inode)) this.#changeFolders().delete(inode)
  }

  /** Chunks that files take, those without a name too while they are open. */
  filledChunks(open: Iterable<Inode>): number {
    const reached = new Set<Inode>(open)
    this.#reach(rootInode, reached, 'live only')
    let chunks = 0
    for (const inode of reached) chunks += this.#files.get(inode)?.live.filledChunks ?? 0
    return chunks
  }

  #reach(inode: Inode, reached: Set<Inode>, views: 'both' | 'live only' = 'both'): void {
    reached.add(inode)
    const folder = this.#folders.get(inode)
    if (folder === undefined) return
    for (const child of folder.live.values()) this.#reach(child, reached, views)
    if (views === 'live only' || folder.durable === folder.live) return
    for (const child of folder.durable.values()) if (!reached.has(child)) this.#reach(child, reached, views)
  }

  #hasPendingNames(inode: Inode): boolean {
    return this.#names.some(({ folder, from }) => folder === inode || from?.folder === inode)
  }

  #changeFolder(inode: Inode, change: Partial<FolderState>): void {
    const folder = this.#folders.get(inode)
    if (folder !== undefined) this.#changeFolders().set(inode, { ...folder, ...change })
  }

  #changeFiles(): Map<Inode, FileState> {
    this.#frozen = null
    if (!this.#ownsFiles) this.#files = new Map(this.#files)
    this.#ownsFiles = true
    return this.#files
  }

  #changeFolders(): Map<Inode, FolderState> {
    this.#frozen = null
    if (!this.#ownsFolders) this.#folders = new Map(this.#folders)
    this.#ownsFolders = true
    return this.#folders
  }
}

function withName(names: ReadonlyMap<string, Inode>, name: string, child: Inode | null): ReadonlyMap<string, Inode> {
  const copy = new Map(names)
  if (child === null) copy.delete(name)
  else copy.set(name, child)
  return copy
}

/** The pending changes of a folder and those they depend on. */
function belongingTo(folder: Inode, names: readonly NameChange[]): Set<NameChange> {
  const chosen = new Set<NameChange>()
  const places = new Set<string>()
  for (const change of names.toReversed()) {
    const touched = placesOf(change)
    if (change.folder !== folder && !touched.some((place) => places.has(place))) continue
    chosen.add(change)
    for (const place of touched) places.add(place)
  }
  return chosen
}
