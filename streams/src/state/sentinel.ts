import type { Disk } from '@millrace/core'

/**
 * The file `OPENING` beside an engine. It stands while an engine is being opened, and when damage was found: LevelDB may end
 * the whole process on a damaged table (reliability.md, F3), and then the next start must wipe, not try again for ever.
 * Every change is durable when the call returns.
 */
export class Sentinel {
  readonly #disk: Disk
  readonly #folder: string
  readonly #path: string

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
    this.#path = `${folder}/OPENING`
  }

  get stands(): boolean {
    return this.#disk.stat(this.#path) !== null
  }

  raise(): void {
    if (this.stands) return
    this.#disk.create(this.#path).close()
    this.#disk.syncFolder(this.#folder)
  }

  lower(): void {
    this.#disk.remove(this.#path)
    this.#disk.syncFolder(this.#folder)
  }
}
