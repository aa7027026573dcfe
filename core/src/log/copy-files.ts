import { coreError } from '../base/error-catalogue.ts'
import { DiskError, type Disk } from '../base/disk.ts'
import { readWhole, writeWhole } from '../storage/whole-write.ts'

/**
 * Takes files of a running log into another folder. What is complete gets a second name. What grows, or has to go to another file
 * system, is held by a second name where that is possible and copied afterwards, so that the log waits for names only.
 *
 * Invariants
 *   C1  A file is given a second name only if nobody ever writes it in place again; one that grows is held no longer than its copy takes.
 *   C2  `finish` resolves when every copy is durable. Names are synced by whoever made the folders.
 *   C3  A held name that a crash leaves says so: opening the log removes it.
 */
export interface Copied {
  readonly linkedBytes: number
  readonly copiedBytes: number
}

const heldName = 'millrace-held-'
const chunkBytes = 1 << 20

interface Held {
  readonly from: string
  readonly to: string
  readonly sizeBytes: number
}

export class CopyFiles {
  private readonly disk: Disk
  private readonly holders: string[]
  private readonly isCancelled: () => boolean
  private readonly held: Held[] = []
  private names = 0
  private links = true
  private linkedBytes = 0
  private copiedBytes = 0

  /** `holders`: the folders where held names can stand, the best one first. */
  constructor(disk: Disk, holders: readonly string[], isCancelled: () => boolean) {
    this.disk = disk
    this.holders = [...holders]
    this.isCancelled = isCancelled
  }

  /** A file that is never written in place. */
  async take(from: string, to: string): Promise<void> {
    const sizeBytes = this.disk.stat(from)!.sizeBytes
    this.links &&= tryLink(this.disk, from, to)
    if (this.links) this.linkedBytes += sizeBytes
    else await this.takeCopy(from, to, sizeBytes)
  }

  /** The beginning of a file that may grow. It is held for `finish`; where that cannot be it is copied at once. */
  async takeCopy(from: string, to: string, sizeBytes: number): Promise<void> {
    const holding = this.hold(from)
    if (holding === null) await this.copy({ from, to, sizeBytes })
    else this.held.push({ from: holding, to, sizeBytes })
  }

  private hold(from: string): string | null {
    while (this.holders.length > 0) {
      const name = `${this.holders[0]}/${heldName}${this.names}`
      if (tryLink(this.disk, from, name)) {
        this.names++
        return name
      }
      this.holders.shift()
    }
    return null
  }

  /** Copies what is held. @throws DiskError, CLOSED */
  async finish(): Promise<Copied> {
    for (let one = this.held[0]; one !== undefined; one = this.held[0]) {
      await this.copy(one)
      this.disk.remove(one.from)
      this.held.shift()
    }
    return { linkedBytes: this.linkedBytes, copiedBytes: this.copiedBytes }
  }

  /** After an error: lets go of what is held. */
  letGo(): void {
    for (const { from } of this.held.splice(0)) removeQuietly(this.disk, from)
  }

  private async copy({ from, to, sizeBytes }: Held): Promise<void> {
    const source = this.disk.open(from)
    try {
      const target = this.disk.create(to)
      try {
        const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, sizeBytes))
        for (let at = 0; at < sizeBytes;) {
          if (this.isCancelled()) throw coreError('CLOSED', { what: 'the log is being closed', where: from })
          const read = await readWhole(source, chunk.subarray(0, sizeBytes - at), at)
          if (read === 0) break // shorter than its checkpoint says: the copy is damaged as the original is
          await writeWhole(target, [chunk.subarray(0, read)], at)
          at += read
          this.copiedBytes += read
        }
        await target.dataSync()
      } finally {
        target.close()
      }
    } finally {
      source.close()
    }
  }
}

/** False where the two places cannot have names of one file. @throws DiskError when there is no room, or no such file */
function tryLink(disk: Disk, from: string, to: string): boolean {
  try {
    disk.link(from, to)
    return true
  } catch (error) {
    if (!(error instanceof DiskError) || error.code === 'ENOSPC' || error.code === 'ENOENT') throw error
    return false
  }
}

function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.remove(path)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

/** Removes the names that were held when a process ended. */
export function removeHeld(disk: Disk, folder: string): void {
  for (const name of disk.list(folder)) if (name.startsWith(heldName)) disk.remove(`${folder}/${name}`)
}
