import { chunkBytes, type Content } from './content.ts'
import type { DiskStore } from './disk-store.ts'
import type { Inode } from './disk-state.ts'

/**
 * The room on the disk. Counted in filled chunks of files that have a name or are open, so overwriting in place needs none
 * and removing a file gives its room back at once.
 */
export class Capacity {
  bytes: number
  readonly #store: DiskStore
  readonly #open: ReadonlyMap<Inode, number>

  constructor(bytes: number, store: DiskStore, open: ReadonlyMap<Inode, number>) {
    this.bytes = bytes
    this.#store = store
    this.#open = open
  }

  usedBytes(): number {
    return this.#store.filledChunks(this.#open.keys()) * chunkBytes
  }

  /** How many of the bytes find room. */
  room(content: Content, position: number, length: number): number {
    if (this.bytes === Infinity) return length
    return content.room(position, length, Math.floor((this.bytes - this.usedBytes()) / chunkBytes))
  }
}
