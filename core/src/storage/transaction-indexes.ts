import { DiskError, type Disk } from '../base/disk.ts'
import { crc32c } from '../record/crc32c.ts'
import { replaceHelper } from './atomic-file.ts'
import { segmentPath } from './segment.ts'
import { TransactionIndex, type AbortedTransaction } from './transaction-index.ts'

/**
 * The transaction indexes of one partition. Most segments have none, and then there is no file.
 *
 * Invariants
 *   N1  The checkpoint names every segment that has one, with its size and checksum: unlike other indexes nothing in the log file
 *       shows that one is missing, and without it aborted records would be read as committed ones.
 *   N2  A file is replaced as a whole. What it holds beyond its mark was written after the checkpoint and stands in the journal.
 *   N3  One that is missing or damaged is made again, from all batches of the partition.
 */
export type TransactionIndexMark = readonly [baseOffset: number, sizeBytes: number, crc: number]

/** All aborted transactions of the partition's segments, found by reading them, each with the base offset of its segment. */
export type FindAborted = () => Promise<readonly (readonly [baseOffset: number, aborted: AbortedTransaction])[]>

export class TransactionIndexes {
  private readonly disk: Disk
  private readonly folder: string
  /** What stands in the files, by base offset. */
  private readonly marks: Map<number, TransactionIndexMark>
  private readonly loaded = new Map<number, TransactionIndex>()
  private readonly unsaved = new Set<number>()
  /** Counts how often entries have moved from one segment to another. */
  private moves = 0

  constructor(disk: Disk, folder: string, marks: readonly TransactionIndexMark[] = []) {
    this.disk = disk
    this.folder = folder
    this.marks = new Map(marks.map((mark) => [mark[0], mark]))
  }

  get isEmpty(): boolean {
    return this.marks.size === 0 && this.loaded.size === 0
  }

  /** Base offsets of the segments that have one, ascending. */
  private get bases(): readonly number[] {
    return [...new Set([...this.marks.keys(), ...this.loaded.keys()])].sort((a, b) => a - b)
  }

  /** The marker stands in the segment with that base offset. Its index must have been loaded, if it has one. */
  add(baseOffset: number, aborted: AbortedTransaction): void {
    let index = this.loaded.get(baseOffset)
    if (index === undefined) {
      index = new TransactionIndex()
      this.loaded.set(baseOffset, index)
    }
    index.append(aborted)
    this.unsaved.add(baseOffset)
  }

  /** Reads the index of the segment, or makes all of them again. */
  async load(baseOffset: number, findAborted: FindAborted): Promise<void> {
    const mark = this.marks.get(baseOffset)
    if (mark === undefined || this.loaded.has(baseOffset)) return
    const index = this.read(mark)
    if (index !== null) {
      this.loaded.set(baseOffset, index)
      return
    }
    const { moves } = this
    const found = await findAborted()
    if (moves !== this.moves) return this.load(baseOffset, findAborted)
    this.rebuild(found)
  }

  private read([baseOffset, sizeBytes, crc]: TransactionIndexMark): TransactionIndex | null {
    try {
      const content = this.disk.readFile(this.pathOf(baseOffset)).subarray(0, sizeBytes)
      return content.length === sizeBytes && crc32c(content) === crc ? new TransactionIndex(content) : null
    } catch (error) {
      if (error instanceof DiskError && (error.code === 'ENOENT' || error.code === 'EISDIR')) return null
      throw error
    }
  }

  private rebuild(found: readonly (readonly [number, AbortedTransaction])[]): void {
    this.moves++
    this.loaded.clear()
    for (const [baseOffset, aborted] of found) this.add(baseOffset, aborted)
    for (const baseOffset of this.marks.keys()) if (!this.loaded.has(baseOffset)) this.marks.delete(baseOffset)
  }

  /** The aborted transactions that may have records in `[from, to)`, in the order of their markers. */
  async find(from: number, to: number, floor: number, findAborted: FindAborted): Promise<AbortedTransaction[]> {
    const found: AbortedTransaction[] = []
    const { moves } = this
    for (const baseOffset of this.bases) {
      if (baseOffset < floor) continue
      await this.load(baseOffset, findAborted)
      if (moves !== this.moves) return this.find(from, to, floor, findAborted)
      for (const aborted of this.loaded.get(baseOffset) ?? []) {
        if (aborted.lastOffset >= from && aborted.firstOffset < to) found.push(aborted)
        // Everything decided later began at or after the last stable offset of this decision.
        if (aborted.lastStableOffset >= to) return found
      }
    }
    return found
  }

  /** Writes what is not in the files. It is not synced: the checksum in the checkpoint tells what a power cut has taken. */
  async save(): Promise<void> {
    const unsaved = [...this.unsaved]
    for (const baseOffset of unsaved) {
      const index = this.loaded.get(baseOffset)!
      const content = Buffer.from(index.content)
      await replaceHelper(this.disk, this.pathOf(baseOffset), content)
      this.marks.set(baseOffset, [baseOffset, content.length, crc32c(content)])
      if (index.entries.sizeBytes === content.length) this.unsaved.delete(baseOffset)
    }
  }

  /** What a checkpoint records. */
  takeMarks(): readonly TransactionIndexMark[] {
    return [...this.marks.values()]
  }

  /** Segments, `baseOffset` the first of them, were replaced by one; these are in the file of its index. */
  replace(bases: readonly number[], baseOffset: number, aborted: readonly AbortedTransaction[]): void {
    this.moves++
    for (const base of bases) this.forget(base)
    if (aborted.length === 0) return
    const content = transactionIndexOf(aborted)
    this.marks.set(baseOffset, [baseOffset, content.length, crc32c(content)])
  }

  /** The segment is gone, and its files with it. */
  forget(baseOffset: number): void {
    this.marks.delete(baseOffset)
    this.loaded.delete(baseOffset)
    this.unsaved.delete(baseOffset)
  }

  /** Lets go of what stands in the files. */
  letGo(): void {
    for (const baseOffset of this.loaded.keys()) if (!this.unsaved.has(baseOffset)) this.loaded.delete(baseOffset)
  }

  private pathOf(baseOffset: number): string {
    return segmentPath(this.folder, baseOffset, 'txnindex')
  }
}

/** The content of the index file. */
export function transactionIndexOf(aborted: readonly AbortedTransaction[]): Uint8Array {
  const index = new TransactionIndex()
  for (const one of aborted) index.append(one)
  return index.content
}
