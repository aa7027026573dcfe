import { DiskError, type DiskErrorCode, type FileStat } from '../base/disk.ts'
import type { Content } from './content.ts'
import { changed, emptyFile, rootInode, settledFile, type FolderState, type Inode } from './disk-state.ts'
import type { DiskStore } from './disk-store.ts'
import type { DiskOperation } from './fault-plan.ts'

/** A path, taken apart: its folder and its last name. The root has no name. */
interface Place {
  readonly folder: Inode
  readonly name: string
  /** What has the name now. */
  readonly inode: Inode | undefined
}

/** Who asks, for the error. */
interface Asker {
  readonly operation: DiskOperation
  readonly path: string
}

/** The tree of names: POSIX's rules and errors, as far as the port lets them be seen. Paths are taken from the root. */
export class Namespace {
  readonly #store: DiskStore

  constructor(store: DiskStore) {
    this.#store = store
  }

  list(path: string): readonly string[] {
    const asker: Asker = { operation: 'list', path }
    const inode = existing(this.#find(asker), asker)
    return [...this.#folderAt(inode, asker).live.keys()].sort()
  }

  /** Null too where a file stands in the way: Node sees nothing there either. */
  stat(path: string): FileStat | null {
    const inode = this.#peek(path)
    if (inode === undefined) return null
    const file = this.#store.file(inode)
    return file === undefined ? { kind: 'folder', sizeBytes: 0 } : { kind: 'file', sizeBytes: file.live.sizeBytes }
  }

  /** The file at the path. */
  file(operation: DiskOperation, path: string): Inode {
    const asker: Asker = { operation, path }
    const inode = existing(this.#find(asker), asker)
    if (this.#store.file(inode) === undefined) throw failure('EISDIR', asker)
    return inode
  }

  makeFolder(path: string): void {
    const asker: Asker = { operation: 'makeFolder', path }
    const names = namesIn(path)
    let folder = rootInode
    for (const [index, name] of names.entries()) {
      const found = this.#store.folder(folder)?.live.get(name)
      const isFile = found !== undefined && this.#store.file(found) !== undefined
      if (isFile) throw failure(index === names.length - 1 ? 'EEXIST' : 'ENOTDIR', asker)
      folder = found ?? this.#addFolder(folder, name)
    }
  }

  /** The new file, or the one that was there, emptied. */
  create(path: string): Inode {
    const asker: Asker = { operation: 'create', path }
    const { folder, name, inode } = this.#find(asker)
    if (inode === undefined) return this.#addFile(folder, name)
    const file = this.#store.file(inode)
    if (file === undefined) throw failure('EISDIR', asker)
    if (file.live.sizeBytes > 0) this.resize(inode, 0)
    return inode
  }

  resize(inode: Inode, sizeBytes: number): void {
    const file = this.#store.file(inode)
    if (file !== undefined)
      this.#store.setFile(inode, changed(file, { kind: 'resize', order: this.#store.nextOrder(), sizeBytes }))
  }

  rename(path: string, to: string): void {
    const asker: Asker = { operation: 'rename', path }
    const source = this.#find(asker)
    const target = this.#find({ operation: 'rename', path: to })
    const inode = existing(source, asker)
    if (inode === target.inode) return
    if (isWithin(to, path)) throw failure('EIO', asker)
    if (isWithin(path, to)) throw failure('ENOTEMPTY', asker)
    if (target.inode !== undefined) this.#mayReplace(inode, target.inode, asker)
    this.#store.changeName({
      folder: target.folder,
      name: target.name,
      inode,
      from: { folder: source.folder, name: source.name },
    })
  }

  link(path: string, to: string): void {
    const asker: Asker = { operation: 'link', path }
    const inode = existing(this.#find(asker), asker)
    const target = this.#find({ operation: 'link', path: to })
    if (target.inode !== undefined) throw failure('EEXIST', asker)
    if (this.#store.file(inode) === undefined) throw failure('EACCES', asker)
    this.#store.changeName({ folder: target.folder, name: target.name, inode, from: null })
  }

  remove(path: string): void {
    const asker: Asker = { operation: 'remove', path }
    const place = this.#find(asker)
    const inode = existing(place, asker)
    if ((this.#store.folder(inode)?.live.size ?? 0) > 0) throw failure('ENOTEMPTY', asker)
    this.#store.changeName({ folder: place.folder, name: place.name, inode: null, from: null })
  }

  /** A file that is there for good at once, or gone for good. */
  putDurably(operation: DiskOperation, path: string, content: Content | null): Inode | undefined {
    const { folder, name, inode } = this.#find({ operation, path })
    if (inode !== undefined && this.#store.file(inode) === undefined) throw failure('EISDIR', { operation, path })
    const child = content === null ? null : (inode ?? this.#store.addFile(emptyFile))
    if (child !== inode) this.#store.setNameDurably(folder, name, child)
    if (content !== null && child !== null) this.#store.setFile(child, settledFile(content))
    return child ?? undefined
  }

  /** The folder whose names are to be synced. */
  folder(operation: DiskOperation, path: string): Inode {
    const asker: Asker = { operation, path }
    const inode = existing(this.#find(asker), asker)
    this.#folderAt(inode, asker)
    return inode
  }

  #mayReplace(inode: Inode, other: Inode, asker: Asker): void {
    const [moved, replaced] = [this.#store.folder(inode), this.#store.folder(other)]
    if (moved !== undefined && replaced === undefined) throw failure('ENOTDIR', asker)
    if (moved === undefined && replaced !== undefined) throw failure('EISDIR', asker)
    if (replaced !== undefined && replaced.live.size > 0) throw failure('ENOTEMPTY', asker)
  }

  #addFolder(folder: Inode, name: string): Inode {
    const inode = this.#store.addFolder()
    this.#store.changeName({ folder, name, inode, from: null })
    return inode
  }

  #addFile(folder: Inode, name: string): Inode {
    const inode = this.#store.addFile(emptyFile)
    this.#store.changeName({ folder, name, inode, from: null })
    return inode
  }

  #folderAt(inode: Inode, asker: Asker): FolderState {
    const folder = this.#store.folder(inode)
    if (folder === undefined) throw failure('ENOTDIR', asker)
    return folder
  }

  #find(asker: Asker): Place {
    const names = namesIn(asker.path)
    const name = names.at(-1)
    if (name === undefined) return { folder: rootInode, name: '', inode: rootInode }
    let folder = rootInode
    for (let depth = 0; depth < names.length - 1; depth++) {
      const next = this.#folderAt(folder, asker).live.get(names[depth]!)
      if (next === undefined) throw failure('ENOENT', asker)
      folder = next
    }
    return { folder, name, inode: this.#folderAt(folder, asker).live.get(name) }
  }

  #peek(path: string): Inode | undefined {
    let inode: Inode | undefined = rootInode
    for (const name of namesIn(path)) {
      if (inode === undefined) return undefined
      inode = this.#store.folder(inode)?.live.get(name)
    }
    return inode
  }
}

function existing({ inode }: Place, asker: Asker): Inode {
  if (inode === undefined) throw failure('ENOENT', asker)
  return inode
}

function failure(code: DiskErrorCode, { operation, path }: Asker): DiskError {
  return new DiskError(code, operation, path)
}

function isWithin(path: string, folder: string): boolean {
  return `${namesIn(path).join('/')}/`.startsWith(`${namesIn(folder).join('/')}/`)
}

const known = new Map<string, readonly string[]>()
const knownAtMost = 10_000

/** A program asks for the same paths again and again, and taking them apart is half of what asking costs. */
function namesIn(path: string): readonly string[] {
  const before = known.get(path)
  if (before !== undefined) return before
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  if (known.size >= knownAtMost) known.clear()
  known.set(path, names)
  return names
}
