import { rootInode, type DiskState, type FileChange, type Inode } from './disk-state.ts'
import { hashName, mix } from './hash.ts'

/**
 * The hash of a disk: of the tree that a process finds, and where they differ also of what a power cut would leave of it.
 * A sum over names, so the order of the entries does not matter; the contents remember their own hashes.
 */
export function fingerprintOf(state: DiskState): string {
  const sum = new TreeSum(state, 'live')
  sum.addFolder(rootInode, 1)
  if (!isDurable(state)) {
    const durable = new TreeSum(state, 'durable')
    durable.addFolder(rootInode, 2)
    sum.addLosable(durable)
  }
  return sum.toString()
}

function isDurable({ files, names }: DiskState): boolean {
  if (names.length > 0) return false
  for (const file of files.values()) if (file.durable !== file.live) return false
  return true
}

class TreeSum {
  #a = 0
  #b = 0
  readonly #state: DiskState
  readonly #view: 'live' | 'durable'
  /** Path hash of the first name of each file: two names of one file are not the same as two equal files. */
  readonly #firstNames = new Map<Inode, number>()

  constructor(state: DiskState, view: 'live' | 'durable') {
    this.#state = state
    this.#view = view
  }

  addFolder(inode: Inode, path: number): void {
    for (const [name, child] of this.#state.folders.get(inode)?.[this.#view] ?? [])
      this.#addEntry(child, mix(path, hashName(name)))
  }

  #addEntry(inode: Inode, path: number): void {
    const file = this.#state.files.get(inode)
    if (file === undefined) {
      this.#add(path, 1, 1)
      this.addFolder(inode, path)
      return
    }
    const { a, b } = file[this.#view].hash()
    this.#add(path, a, b)
    const first = this.#firstNames.get(inode)
    if (first === undefined) this.#firstNames.set(inode, path)
    else this.#add(mix(first + path, first ^ path), 2, 2)
  }

  /** What stands to be lost at the next power cut: two disks that agree today may differ then. */
  addLosable(durable: TreeSum): void {
    this.#add(3, durable.#a, durable.#b)
    for (const [inode, file] of this.#state.files) {
      for (let at = file.pending; at !== null; at = at.before) this.#addChange(inode, at.change)
    }
    for (const { folder, name, inode } of this.#state.names) this.#add(hashName(name), folder, inode ?? -1)
  }

  #addChange(inode: Inode, change: FileChange): void {
    if (change.kind === 'write') this.#add(inode, change.position, change.bytes.length)
    else this.#add(inode, change.sizeBytes, -1)
  }

  #add(path: number, a: number, b: number): void {
    this.#a = (this.#a + mix(path, a)) | 0
    this.#b = (this.#b + mix(b, path)) | 0
  }

  toString(): string {
    return `${(this.#a >>> 0).toString(36)}.${(this.#b >>> 0).toString(36)}`
  }
}
