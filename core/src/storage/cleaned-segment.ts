import type { Disk, DiskFile } from '../base/disk.ts'
import { cleanedPath } from './segment-swap.ts'
import { SegmentIndexes } from './segment-indexes.ts'
import type { AbortedTransaction } from './transaction-index.ts'
import { transactionIndexOf } from './transaction-indexes.ts'
import { writeWhole } from './whole-write.ts'

const writtenAtOnce = 256 << 10
const largestBytes = 0x7fff_ffff

/** The files that compaction writes before they take the place of others: nobody reads them, a crash loses them. */
export class CleanedSegment {
  readonly baseOffset: number
  private readonly disk: Disk
  private readonly folder: string
  private readonly log: DiskFile
  private readonly indexes: SegmentIndexes
  private gathered: Uint8Array[] = []
  private gatheredBytes = 0
  private written = 0

  constructor(disk: Disk, folder: string, baseOffset: number, indexIntervalBytes: number) {
    this.disk = disk
    this.folder = folder
    this.baseOffset = baseOffset
    this.indexes = SegmentIndexes.empty(baseOffset, indexIntervalBytes)
    this.log = disk.create(cleanedPath(folder, baseOffset, 'log'))
  }

  get sizeBytes(): number {
    return this.written + this.gatheredBytes
  }

  /** Whether an index can point behind it still. */
  hasRoomFor(batch: Uint8Array): boolean {
    return this.sizeBytes + batch.length <= largestBytes
  }

  /** Takes whole batches in offset order. */
  async add(batch: Uint8Array): Promise<void> {
    this.indexes.add(batch, this.sizeBytes)
    this.gathered.push(batch)
    this.gatheredBytes += batch.length
    if (this.gatheredBytes >= writtenAtOnce) await this.flush()
  }

  private async flush(): Promise<void> {
    await writeWhole(this.log, this.gathered, this.written)
    this.written += this.gatheredBytes
    this.gathered = []
    this.gatheredBytes = 0
  }

  /** Makes the log file durable. Its name is by the sync that follows its renaming; the other files are no evidence. */
  async finish(aborted: readonly AbortedTransaction[]): Promise<void> {
    await this.flush()
    await this.log.dataSync()
    this.indexes.finish()
    const { offsets, times } = this.indexes
    await this.write('index', offsets.entries.unsaved())
    await this.write('timeindex', times.entries.unsaved())
    if (aborted.length > 0) await this.write('txnindex', transactionIndexOf(aborted))
  }

  private async write(suffix: 'index' | 'timeindex' | 'txnindex', content: Uint8Array): Promise<void> {
    const file = this.disk.create(cleanedPath(this.folder, this.baseOffset, suffix))
    try {
      await writeWhole(file, [content], 0)
    } finally {
      file.close()
    }
  }

  close(): void {
    this.log.close()
  }
}
