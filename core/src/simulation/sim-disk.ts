import { DiskError, type DirectoryLock, type Disk, type DiskFile, type FileStat } from '../base/disk.ts'
import { Capacity } from './capacity.ts'
import type { Content } from './content.ts'
import { crashImage, DiskImage, type CrashMode, type Survival } from './crash-image.ts'
import type { SimulatedCrash } from './crash.ts'
import { Device, type DiskStep } from './device.ts'
import type { DiskSnapshot } from './disk-snapshot.ts'
import type { Inode } from './disk-state.ts'
import type { Deviation, DiskFault, DiskOperation, FaultPlan } from './fault-plan.ts'
import { Namespace } from './namespace.ts'
import { SimFile } from './sim-file.ts'
import { SimLocks } from './sim-lock.ts'
import type { SimRandom } from './sim-random.ts'
import type { SimScheduler } from './sim-scheduler.ts'

export interface SimDiskOptions {
  readonly scheduler: SimScheduler
  readonly random: SimRandom
  /** What the disk holds at first; nothing without it. */
  readonly image?: DiskImage | undefined
  readonly faults?: readonly DiskFault[] | undefined
  /** Room for contents; without end if not given. */
  readonly capacityBytes?: number | undefined
  /** Files that may be open at once, beyond which `open` and `create` fail with EMFILE. */
  readonly openFilesAtMost?: number | undefined
  /** Told of a crash; without it the scheduler halts, and with it the run. */
  readonly onCrash?: (crash: SimulatedCrash) => void
}

/**
 * A disk in memory that keeps what was written apart from what is durable, so that it can be found after a crash as a real
 * one could be. Each call of the port is a numbered step, which may be watched, fail or be the last.
 */
export class SimDisk implements Disk {
  readonly #device: Device
  readonly #names: Namespace
  readonly #capacity: Capacity
  readonly #openFilesAtMost: number
  readonly #locks: SimLocks

  constructor(options: SimDiskOptions) {
    const { scheduler, random } = options
    this.#device = new Device({
      scheduler,
      random,
      state: (options.image ?? DiskImage.empty).state,
      faults: options.faults ?? [],
      onCrash: options.onCrash ?? ((crash) => scheduler.halt(crash)),
    })
    this.#names = new Namespace(this.#device.store)
    this.#locks = new SimLocks(this.#device, this.#names)
    this.#capacity = new Capacity(options.capacityBytes ?? Infinity, this.#device.store, this.#device.openFiles)
    this.#openFilesAtMost = options.openFilesAtMost ?? Infinity
  }

  lock(path: string, holder: string): DirectoryLock {
    return this.#device.now('lock', path, () => this.#locks.take(path, holder))
  }

  list(folder: string): readonly string[] {
    return this.#device.now('list', folder, () => this.#names.list(folder))
  }

  stat(path: string): FileStat | null {
    return this.#device.now('stat', path, () => this.#names.stat(path))
  }

  readFile(path: string): Uint8Array {
    return this.#device.now('readFile', path, () => this.#device.store.file(this.#names.file('readFile', path))!.live.toBytes())
  }

  makeFolder(path: string): void {
    this.#device.now('makeFolder', path, () => this.#names.makeFolder(path))
  }

  create(path: string): DiskFile {
    return this.#opened('create', path, () => this.#names.create(path))
  }

  open(path: string): DiskFile {
    return this.#opened('open', path, () => this.#names.file('open', path))
  }

  rename(from: string, to: string): void {
    this.#device.now('rename', from, () => this.#names.rename(from, to))
  }

  link(from: string, to: string): void {
    this.#device.now('link', from, () => this.#names.link(from, to))
  }

  remove(path: string): void {
    this.#device.now('remove', path, () => this.#names.remove(path))
  }

  truncate(path: string, sizeBytes: number): void {
    this.#device.now('truncate', path, () => this.#names.resize(this.#names.file('truncate', path), sizeBytes))
  }

  syncFolder(path: string): void {
    this.#device.now('syncFolder', path, (deviation) => this.#syncNames(path, deviation))
  }

  syncNames(path: string): Promise<void> {
    return this.#device.later('syncFolder', path, (deviation) => this.#syncNames(path, deviation))
  }

  #syncNames(path: string, deviation: Deviation | null): void {
    if (deviation === 'unsynced') return
    const namesVanished = this.#device.store.syncNames(this.#names.folder('syncFolder', path))
    if (namesVanished) this.#device.store.sweep(this.#device.openFiles.keys())
  }

  /** Calls of the port so far. */
  get steps(): number {
    return this.#device.steps
  }

  /** How often each call was made. */
  get counts(): ReadonlyMap<DiskOperation, number> {
    return this.#device.counts
  }

  /** Files that are open now: none is left after a clean close. */
  get openFiles(): number {
    let open = 0
    for (const count of this.#device.openFiles.values()) open += count
    return open
  }

  get faults(): FaultPlan {
    return this.#device.faults
  }

  get capacityBytes(): number {
    return this.#capacity.bytes
  }

  /** Raising it lets a full disk go on. */
  set capacityBytes(bytes: number) {
    this.#capacity.bytes = bytes
  }

  get usedBytes(): number {
    return this.#capacity.usedBytes()
  }

  /** Watches every step; one watcher at a time. */
  onStep(watch: ((step: DiskStep) => void) | null): void {
    this.#device.onStep = watch
  }

  /** The process dies at that step, before it takes effect. */
  crashAt(step: number): void {
    this.#device.crashStep = step
  }

  /** This moment, for any number of images. Costs nothing to speak of, and changes nothing. */
  snapshot(): DiskSnapshot {
    return this.#device.snapshot()
  }

  /** The disk as it could be found after a crash at this moment. */
  image(mode: CrashMode, survival: Survival): DiskImage {
    return crashImage(this.snapshot(), mode, survival)
  }

  /** Flips bits of one byte, also where it is durable: what a disk may do to what was synced long ago. */
  rot(path: string, position: number, bits: number): void {
    const { store } = this.#device
    const inode = this.#names.file('readFile', path)
    const file = store.file(inode)!
    const flip = (content: Content): Content => content.flip(position, bits)
    store.setFile(inode, { ...file, durable: flip(file.durable), live: flip(file.live) })
  }

  #opened(operation: 'create' | 'open', path: string, find: () => Inode): DiskFile {
    return this.#device.now(operation, path, () => {
      if (this.openFiles >= this.#openFilesAtMost) throw new DiskError('EMFILE', operation, path)
      return new SimFile(path, find(), this.#device, this.#capacity)
    })
  }
}
