import { coreError } from '../base/error-catalogue.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import { writeWhole } from './whole-write.ts'

/**
 * The journal: two preallocated files, written in turn, one frame at a time.
 *
 * Invariants
 *   J1  A file is written again only after a checkpoint has covered every frame in it (`release`).
 *   J2  Files have their full size and content from the start, so that a frame is written in place: a full disk cannot
 *       tear one, and `fdatasync` has no size to record.
 *   J3  One write is in flight at a time.
 */
export interface JournalGeometry {
  /** Size of each of the two files. */
  readonly fileBytes: number
  /** Frames start at multiples of it. */
  readonly blockBytes: number
}

/** A place in the journal. */
export interface JournalPosition {
  readonly file: number
  readonly position: number
}

/** Where the next frame goes, and its number. */
export interface JournalEnd extends JournalPosition {
  readonly sequence: number
}

export const journalFiles = 2

export function journalPath(folder: string, file: number): string {
  return `${folder}/millrace-journal-${file}`
}

/**
 * Makes one of the files, filled with zeros, durable with its name. It takes its name last, so that a crash leaves no file or a
 * whole one.
 */
export async function createJournalFile(
  disk: Disk,
  folder: string,
  index: number,
  { fileBytes }: JournalGeometry,
): Promise<void> {
  const temporary = `${journalPath(folder, index)}.tmp`
  const zeros = Buffer.alloc(Math.min(fileBytes, 4 << 20))
  const file = disk.create(temporary)
  try {
    for (let at = 0; at < fileBytes; at += zeros.length) await writeWhole(file, [zeros.subarray(0, fileBytes - at)], at)
    await file.dataSync()
  } finally {
    file.close()
  }
  disk.rename(temporary, journalPath(folder, index))
  await disk.syncNames(folder)
}

export class Journal {
  private readonly disk: Disk
  private readonly folder: string
  private readonly geometry: JournalGeometry
  private readonly files: DiskFile[]
  private file: number
  private at: number
  private sequence: number
  /** Whether each file may be written from its start. */
  private readonly free: boolean[]

  constructor(disk: Disk, folder: string, geometry: JournalGeometry, end: JournalEnd) {
    this.disk = disk
    this.folder = folder
    this.geometry = geometry
    const there = disk.stat(journalPath(folder, 1)) === null ? 1 : journalFiles
    this.files = Array.from({ length: there }, (_, index) => disk.open(journalPath(folder, index)))
    this.file = end.file
    this.at = end.position
    this.sequence = end.sequence
    this.free = Array.from({ length: journalFiles }, () => false)
  }

  /** How many of the two files there are: the second is made while the first is filled. */
  get fileCount(): number {
    return this.files.length
  }

  /** Makes the second file, unless it is there. */
  async complete(): Promise<void> {
    if (this.files.length === journalFiles) return
    await createJournalFile(this.disk, this.folder, 1, this.geometry)
    this.files.push(this.disk.open(journalPath(this.folder, 1)))
  }

  get shape(): JournalGeometry {
    return this.geometry
  }

  get end(): JournalEnd {
    return { file: this.file, position: this.at, sequence: this.sequence }
  }

  /** Of the next frame. */
  get nextSequence(): number {
    return this.sequence
  }

  /** Whether a frame of this size can be written now, without the other file. */
  fits(sizeBytes: number): boolean {
    return this.at + sizeBytes <= this.geometry.fileBytes
  }

  /** Goes on in the other file; false while that one is missing or still holds frames that no checkpoint covers. */
  turn(): boolean {
    const other = 1 - this.file
    if (!this.free[other] || this.files[other] === undefined) return false
    this.free[other] = false
    this.file = other
    this.at = 0
    return true
  }

  /** A checkpoint covers everything before a place in `file`. That frees the other one, unless the journal has gone on to it since. */
  release(file: number): void {
    if (file === this.file) this.free[1 - file] = true
  }

  /** Writes a sealed frame at the end. The end moves only when the frame is whole, so a failed one is written over. */
  async append(frame: Uint8Array, sync: boolean): Promise<void> {
    if (!this.fits(frame.length))
      throw coreError('BUG', { what: 'a frame does not fit into the journal', received: frame.length })
    const file = this.files[this.file]!
    await writeWhole(file, [frame], this.at)
    if (sync) await file.dataSync()
    this.at += Math.ceil(frame.length / this.geometry.blockBytes) * this.geometry.blockBytes
    this.sequence++
  }

  /** Under durability 'os': makes everything written so far durable. Both files, since a turn may lie between. */
  async sync(): Promise<void> {
    for (const file of this.files) await file.dataSync()
  }

  close(): void {
    for (const file of this.files) file.close()
  }
}
