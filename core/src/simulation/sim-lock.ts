import { DiskError, type DirectoryLock } from '../base/disk.ts'
import { Content } from './content.ts'
import type { Device } from './device.ts'
import type { Inode } from './disk-state.ts'
import type { Namespace } from './namespace.ts'

/**
 * The directory locks of a simulated machine. They end with the process: a disk made from an image has none.
 *
 * Invariant
 *   K1  The lock's own files are durable at once. A crash would otherwise find its text torn in a thousand ways, all of them
 *       different images and none of them of any interest.
 */
export class SimLocks {
  readonly #device: Device
  readonly #names: Namespace
  readonly #holders = new Map<Inode, string>()

  constructor(device: Device, names: Namespace) {
    this.#device = device
    this.#names = names
  }

  take(path: string, holder: string): DirectoryLock {
    const inode =
      this.#names.stat(path) === null ? this.#names.putDurably('lock', path, Content.empty)! : this.#names.file('lock', path)
    const other = this.#holders.get(inode)
    if (other !== undefined) throw new DiskError('EBUSY', 'lock', path, { holder: other })
    this.#holders.set(inode, holder)
    this.#names.putDurably('lock', `${path}-holder`, Content.empty.write(0, new TextEncoder().encode(holder)))
    return { release: () => this.#release(inode, path) }
  }

  #release(inode: Inode, path: string): void {
    if (!this.#holders.has(inode)) return
    this.#device.now('unlock', path, () => {
      this.#holders.delete(inode)
      this.#names.putDurably('unlock', `${path}-holder`, null)
    })
  }
}
