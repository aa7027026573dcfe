import { assert } from '../base/assert.ts'
import { DiskError, type DiskFile } from '../base/disk.ts'
import type { Capacity } from './capacity.ts'
import type { Device } from './device.ts'
import type { InFlightWrite } from './disk-snapshot.ts'
import { changed, dropPending, synced, type FileState, type Inode } from './disk-state.ts'
import type { Deviation, DiskOperation, StepFate } from './fault-plan.ts'
import { simulationError } from './simulation-errors.ts'
import { takeBytes } from './slab.ts'
import { sectorBytes } from './survival.ts'

/**
 * An open file of the simulated disk.
 *
 * Invariants
 *   W1  A write takes the caller's bytes when it is called and looks at them again when it takes effect: whoever reuses a
 *       buffer too early fails the run.
 *   W2  A sync makes durable what had taken effect when it was called, not what came while it ran.
 */
export class SimFile implements DiskFile {
  readonly path: string
  readonly #inode: Inode
  readonly #device: Device
  readonly #capacity: Capacity
  #calls = 0
  #open = true

  constructor(path: string, inode: Inode, device: Device, capacity: Capacity) {
    this.path = path
    this.#inode = inode
    this.#device = device
    this.#capacity = capacity
    device.openFiles.set(inode, (device.openFiles.get(inode) ?? 0) + 1)
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#call('read', (deviation) => {
      const part =
        deviation === 'short' && into.length > 1 ? into.subarray(0, 1 + this.#device.random.int(into.length - 1)) : into
      return this.#file.live.read(part, position)
    })
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const bytes = joined(chunks)
    const write: InFlightWrite = { inode: this.#inode, position, bytes }
    this.#device.inFlight.add(write)
    const effect = (deviation: Deviation | null): number => {
      this.#land(write, chunks)
      if (deviation === 'misdirected') return this.#writeElsewhere(bytes)
      const isShort = deviation === 'short' && bytes.length > 1
      return this.#write(position, isShort ? bytes.subarray(0, 1 + this.#device.random.int(bytes.length - 1)) : bytes)
    }
    return this.#call('write', effect, ({ error }) => {
      this.#land(write, chunks)
      // The kernel may have taken a part before it failed; the caller cannot know.
      if (error === 'EIO') this.#change(position, bytes.subarray(0, this.#device.random.int(bytes.length + 1)))
    })
  }

  dataSync(): Promise<void> {
    const { order } = this.#device.store
    const effect = (deviation: Deviation | null): void => {
      if (deviation !== 'unsynced') this.#device.store.setFile(this.#inode, synced(this.#file, order))
    }
    const harm = ({ afterSyncFail }: StepFate): void => {
      if (afterSyncFail === 'dropped') this.#device.store.setFile(this.#inode, dropPending(this.#file))
    }
    return this.#call('dataSync', effect, harm)
  }

  close(): void {
    if (this.#device.crash !== null) throw this.#device.crash
    assert(this.#open, `${this.path} is closed twice`)
    assert(this.#calls === 0, `${this.path} is closed with ${this.#calls} calls in flight`)
    this.#open = false
    const release = (): void => this.#release()
    this.#device.now('close', this.path, release, release)
  }

  get #file(): FileState {
    return this.#device.store.file(this.#inode)!
  }

  /** Of `effect` and `harm` exactly one runs, when the call settles. */
  #call<T>(operation: DiskOperation, effect: (deviation: Deviation | null) => T, harm?: (fate: StepFate) => void): Promise<T> {
    assert(this.#open, `${operation} of ${this.path} after close`)
    this.#calls += 1
    const settled = (deviation: Deviation | null): T => {
      this.#calls -= 1
      return effect(deviation)
    }
    return this.#device.later(operation, this.path, settled, (fate) => {
      this.#calls -= 1
      harm?.(fate)
    })
  }

  #write(position: number, bytes: Uint8Array): number {
    const length = this.#capacity.room(this.#file.live, position, bytes.length)
    if (length === 0 && bytes.length > 0) throw new DiskError('ENOSPC', 'write', this.path)
    this.#change(position, bytes.subarray(0, length))
    return length
  }

  #change(position: number, bytes: Uint8Array, inode: Inode = this.#inode): void {
    if (bytes.length === 0) return
    const { store } = this.#device
    store.setFile(inode, changed(store.file(inode)!, { kind: 'write', order: store.nextOrder(), position, bytes }))
  }

  /** In any file, at a sector that the file has; nothing reaches the place that was meant. */
  #writeElsewhere(bytes: Uint8Array): number {
    const { store, random } = this.#device
    const inodes = store.fileInodes()
    const inode = inodes[random.int(inodes.length)]!
    const sectors = Math.max(1, Math.floor(store.file(inode)!.live.sizeBytes / sectorBytes))
    this.#change(random.int(sectors) * sectorBytes, bytes, inode)
    return bytes.length
  }

  #land(write: InFlightWrite, chunks: readonly Uint8Array[]): void {
    this.#device.inFlight.delete(write)
    if (isUntouched(write.bytes, chunks)) return
    const error = simulationError('BUFFER_TOUCHED', { what: 'the bytes of a write changed before it settled', where: this.path })
    this.#device.scheduler.halt(error)
    throw error
  }

  #release(): void {
    const left = (this.#device.openFiles.get(this.#inode) ?? 1) - 1
    if (left > 0) this.#device.openFiles.set(this.#inode, left)
    else this.#device.openFiles.delete(this.#inode)
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = takeBytes(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function isUntouched(bytes: Uint8Array, chunks: readonly Uint8Array[]): boolean {
  let at = 0
  for (const chunk of chunks) {
    if (Buffer.compare(chunk, bytes.subarray(at, at + chunk.length)) !== 0) return false
    at += chunk.length
  }
  return at === bytes.length
}
