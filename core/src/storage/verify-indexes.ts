import type { Disk } from '../base/disk.ts'
import { countOf, lastOffsetOf, maxTimestampOf } from '../record/batch-header.ts'
import { indexSuffixes, type IndexSuffix } from './segment-indexes.ts'
import { segmentPath } from './segment.ts'

/** What is wrong with an index, and from which offset on it misleads. */
export interface IndexFlaw {
  readonly suffix: IndexSuffix
  readonly offset: number
  readonly what: string
}

const entryBytes = { index: 8, timeindex: 12 } as const

/**
 * Compares the two indexes of a segment with its batches while those are read once. An index may leave entries out, since it only
 * says where to begin; those it has must be right. `expected`: the sizes that a checkpoint says of one that
 * grows. Those of a complete segment reach to its end.
 */
export class IndexCheck {
  private readonly baseOffset: number
  private readonly bytes: Readonly<Record<IndexSuffix, Buffer>>
  private readonly at: Record<IndexSuffix, number> = { index: 0, timeindex: 0 }
  private readonly complete: boolean
  private readonly flaws = new Map<IndexSuffix, IndexFlaw>()
  private greatest = -1
  private next: number

  constructor(
    disk: Disk,
    folder: string,
    baseOffset: number,
    complete: boolean,
    expected: Readonly<Record<IndexSuffix, number>> | null,
  ) {
    this.baseOffset = baseOffset
    this.next = baseOffset
    this.complete = complete
    const [index, timeindex] = indexSuffixes.map((suffix) =>
      this.load(disk, segmentPath(folder, baseOffset, suffix), suffix, expected),
    )
    this.bytes = { index: index!, timeindex: timeindex! }
  }

  private load(disk: Disk, path: string, suffix: IndexSuffix, expected: Readonly<Record<IndexSuffix, number>> | null): Buffer {
    const found = disk.stat(path)
    if (found?.kind !== 'file') {
      this.find(suffix, found === null ? 'it is missing' : `a ${found.kind} stands in its place`)
      return Buffer.alloc(0)
    }
    const content = Buffer.from(disk.readFile(path))
    const sizeBytes = expected?.[suffix] ?? content.length
    if (content.length < sizeBytes) this.find(suffix, `it has ${content.length} bytes, its checkpoint says ${sizeBytes}`)
    if (sizeBytes % entryBytes[suffix] !== 0) this.find(suffix, `its size ${sizeBytes} is no multiple of ${entryBytes[suffix]}`)
    return content.subarray(0, sizeBytes)
  }

  private find(suffix: IndexSuffix, what: string): void {
    if (!this.flaws.has(suffix)) this.flaws.set(suffix, { suffix, offset: this.next, what })
  }

  /** An intact batch at its position. */
  add(batch: Uint8Array, position: number): void {
    this.addOffset(lastOffsetOf(batch, 0), position)
    // What compaction has emptied has no time.
    this.addTime(lastOffsetOf(batch, 0), countOf(batch, 0) === 0 ? -1 : maxTimestampOf(batch, 0))
    this.next = lastOffsetOf(batch, 0) + 1
  }

  private addOffset(lastOffset: number, position: number): void {
    const { bytes, at } = this.entry('index')
    if (bytes === null) return
    const [entryOffset, entryPosition] = [this.baseOffset + bytes.readInt32BE(at), bytes.readInt32BE(at + 4)]
    if (entryPosition > position && entryOffset > lastOffset) return
    this.at.index += entryBytes.index
    if (entryPosition === position && entryOffset === lastOffset) return
    this.find('index', `entry ${at / entryBytes.index} points offset ${entryOffset} to byte ${entryPosition}, where it is not`)
  }

  private addTime(lastOffset: number, timestamp: number): void {
    const isGreater = timestamp > this.greatest
    this.greatest = Math.max(this.greatest, timestamp)
    const { bytes, at } = this.entry('timeindex')
    if (bytes === null) return
    const [time, offset] = [Number(bytes.readBigInt64BE(at)), this.baseOffset + bytes.readInt32BE(at + 8)]
    if (offset > lastOffset) return
    this.at.timeindex += entryBytes.timeindex
    if (offset === lastOffset && time === timestamp && isGreater) return
    this.find('timeindex', `entry ${at / entryBytes.timeindex} gives time ${time} for offset ${offset}, which has another`)
  }

  /** The entry that has not been met yet. */
  private entry(suffix: IndexSuffix): { readonly bytes: Buffer | null; readonly at: number } {
    const bytes = this.bytes[suffix]
    const at = this.at[suffix]
    return { bytes: this.flaws.has(suffix) || at + entryBytes[suffix] > bytes.length ? null : bytes, at }
  }

  /** All batches were added. */
  finish(): readonly IndexFlaw[] {
    for (const suffix of indexSuffixes) {
      const { bytes, at } = this.entry(suffix)
      if (bytes !== null) this.find(suffix, `entry ${at / entryBytes[suffix]} points behind the segment`)
    }
    if (this.complete && this.lastTime() < this.greatest)
      this.find('timeindex', `it ends below the greatest time, ${this.greatest}`)
    return [...this.flaws.values()]
  }

  private lastTime(): number {
    const { timeindex } = this.bytes
    const count = Math.floor(timeindex.length / entryBytes.timeindex)
    return count === 0 ? -1 : Number(timeindex.readBigInt64BE((count - 1) * entryBytes.timeindex))
  }
}
