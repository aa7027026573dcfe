import {
  isSettled,
  pendingOf,
  type DiskState,
  type FileChange,
  type FileState,
  type FolderState,
  type Inode,
} from './disk-state.ts'

/** A write between its call and its effect. */
export interface InFlightWrite {
  readonly inode: Inode
  readonly position: number
  /** A copy of what the caller gave. */
  readonly bytes: Uint8Array
}

/** A file whose content is not what a power cut would leave for certain. */
export interface UnsettledFile {
  readonly inode: Inode
  readonly file: FileState
  /** Pending, oldest first, then in flight. */
  readonly changes: readonly FileChange[]
  /** How many of them, at the end, are in flight. */
  readonly inFlight: number
}

/**
 * A moment of a disk, from which any number of crash images can be made. Immutable; what images need of it in common is
 * worked out once.
 */
export class DiskSnapshot {
  readonly state: DiskState
  readonly inFlight: readonly InFlightWrite[]
  #unsettledFiles: readonly UnsettledFile[] | undefined
  #unsettledFolders: readonly (readonly [Inode, FolderState])[] | undefined

  constructor(state: DiskState, inFlight: readonly InFlightWrite[]) {
    this.state = state
    this.inFlight = inFlight
  }

  hasInFlight(writes: ReadonlySet<InFlightWrite>): boolean {
    return writes.size === this.inFlight.length && this.inFlight.every((write) => writes.has(write))
  }

  /** Nothing that a power cut could take away. */
  get isDurable(): boolean {
    return this.state.names.length === 0 && this.unsettledFiles.length === 0
  }

  get unsettledFiles(): readonly UnsettledFile[] {
    return (this.#unsettledFiles ??= this.#findUnsettled())
  }

  get unsettledFolders(): readonly (readonly [Inode, FolderState])[] {
    return (this.#unsettledFolders ??= [...this.state.folders].filter(([, folder]) => folder.durable !== folder.live))
  }

  #findUnsettled(): readonly UnsettledFile[] {
    const found: UnsettledFile[] = []
    for (const [inode, file] of this.state.files) {
      const flights = this.#inFlightOf(inode)
      if (isSettled(file) && flights.length === 0) continue
      found.push({ inode, file, changes: [...pendingOf(file), ...flights], inFlight: flights.length })
    }
    return found
  }

  #inFlightOf(inode: Inode): FileChange[] {
    const { order } = this.state
    return this.inFlight.flatMap((write, index) =>
      write.inode === inode ? [{ kind: 'write', order: order + 1 + index, position: write.position, bytes: write.bytes }] : [],
    )
  }
}
