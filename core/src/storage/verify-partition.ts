import type { Disk } from '../base/disk.ts'
import type { TopicPartition } from '../base/ids.ts'
import { lastOffsetOf, readBatchHeader, type BatchHeader } from '../record/batch-header.ts'
import { checkBatch } from '../record/batch-validation.ts'
import type { PartitionCheckpoint } from './checkpoint.ts'
import { foreignFolder, segmentBases } from './folder-files.ts'
import { epochCheckpoint } from './leader-epochs.ts'
import { decodeProducerSnapshot, type ProducerSnapshotEntry } from './producer-snapshot.ts'
import { segmentBatches } from './segment-batches.ts'
import { segmentPath } from './segment.ts'
import type { AbortedTransaction } from './transaction-index.ts'
import { TransactionReplay } from './transaction-replay.ts'
import { verifyAborted } from './verify-aborted.ts'
import { compareProducers, type ProducerReplay } from './verify-producers.ts'
import { IndexCheck } from './verify-indexes.ts'

/** What is wrong with one partition. */
export interface PartitionFlaw {
  /** Below the partition's folder; empty for the folder itself. */
  readonly file: string
  /** From which offset on it is or misleads; null where it concerns no offset. */
  readonly offset: number | null
  readonly what: string
  /** Opening the log makes it right by itself, and nothing was lost. */
  readonly heals: boolean
}

export interface PartitionToVerify extends TopicPartition {
  readonly path: string
  /** Undefined for a folder of which there is no checkpoint: then gaps are not known to be damage. */
  readonly row: PartitionCheckpoint | undefined
  /** Nothing was written after the checkpoint: what lies beyond it is no copy of the journal. */
  readonly clean: boolean
  readonly newProducers: (() => ProducerReplay) | null
}

/**
 * Reads one partition from its first segment to its checkpoint and compares every small file with what the batches say. The memory it
 * takes: a chunk of a segment, its indexes, the producers. Damage in a segment ends the look at that segment, not at the next.
 */
export class PartitionVerification {
  readonly flaws: PartitionFlaw[] = []
  batches = 0
  records = 0
  bytes = 0
  private readonly disk: Disk
  private readonly of: PartitionToVerify
  private readonly replay = new TransactionReplay()
  private readonly producers: ProducerReplay | null
  private readonly aborted = new Map<number, AbortedTransaction[]>()
  /** The next offset. */
  private next = 0
  /** The segment before was not read to its end. */
  private isBroken = false
  /** Everything from the first segment on was read, and is right: what sums it up can be compared. */
  private isWhole = true

  constructor(disk: Disk, of: PartitionToVerify) {
    this.disk = disk
    this.of = of
    this.producers = of.newProducers?.() ?? null
  }

  async run(): Promise<void> {
    const { path, row } = this.of
    if (this.disk.stat(path)?.kind !== 'folder') {
      this.find('', row?.startOffset ?? null, 'the folder is missing')
      return
    }
    const bases = segmentBases(this.disk, path)
    this.verifyOwner()
    await this.verifySegments(bases)
    if (row !== undefined) this.verifySummaries(bases, row)
    this.verifySnapshots()
  }

  private find(file: string, offset: number | null, what: string, heals = false): void {
    this.flaws.push({ file, offset, what, heals })
  }

  private verifyOwner(): void {
    const { row, path } = this.of
    const foreign = row === undefined ? null : foreignFolder(this.disk, path, row.topicId)
    if (foreign !== null) this.find('partition.metadata', null, foreign.message)
  }

  private async verifySegments(bases: readonly number[]): Promise<void> {
    const { row, path, clean } = this.of
    const last = row?.folder.active.baseOffset ?? bases.at(-1) ?? 0
    this.next = bases[0] ?? 0
    this.checkStart(bases, last)
    let swapEnd = -1
    for (const base of bases.filter((one) => one <= last)) {
      if (base < swapEnd) continue // it goes at the next open
      const swap = `${nameOf(base, 'log')}.swap`
      const isSwap = this.disk.stat(`${path}/${swap}`) !== null
      await this.verifySegment(base, isSwap ? swap : nameOf(base, 'log'), isSwap)
      if (isSwap) swapEnd = this.next
    }
    if (row === undefined) return
    if (this.isWhole && this.next !== row.recoveryOffset)
      this.miss(nameOf(last, 'log'), `the segments end at offset ${this.next}, the checkpoint says ${row.recoveryOffset}`)
    if (!clean) return
    for (const base of bases.filter((one) => one > last))
      this.find(nameOf(base, 'log'), base, 'it begins behind the end that the checkpoint says', true)
  }

  private checkStart(bases: readonly number[], last: number): void {
    const { row } = this.of
    if (row === undefined) return
    const { startOffset, folder } = row
    const first = bases[0]
    if (first === undefined ? folder.active.logBytes > 0 : first > startOffset) {
      this.next = startOffset
      this.miss(
        nameOf(startOffset, 'log'),
        `the log starts at offset ${startOffset}, its first segment ${first === undefined ? 'is missing' : `at ${first}`}`,
      )
      this.next = first ?? startOffset
    } else if (!bases.includes(last)) {
      this.next = last
      this.miss(nameOf(last, 'log'), 'it is missing')
      this.next = first ?? last
    }
  }

  /** Records are not there. */
  private miss(file: string, what: string): void {
    this.isWhole = false
    this.find(file, this.next, what)
  }

  private async verifySegment(base: number, name: string, isSwap: boolean): Promise<void> {
    const { row, path, clean } = this.of
    const active = row?.folder.active.baseOffset === base ? row.folder.active : null
    const size = this.disk.stat(`${path}/${name}`)!.sizeBytes
    this.join(base, name)
    if (active === null && size === 0) this.miss(name, 'it is empty')
    if (active !== null && size < active.logBytes) this.miss(name, `it has ${size} bytes, its checkpoint says ${active.logBytes}`)
    if (active !== null && size > active.logBytes && clean)
      this.find(name, row!.recoveryOffset, `it has ${size} bytes, its checkpoint says ${active.logBytes}`, true)
    const expected = active === null ? null : { index: active.indexBytes, timeindex: active.timeIndexBytes }
    const isComplete = row !== undefined && active === null
    const indexes = isSwap ? null : new IndexCheck(this.disk, path, base, isComplete, expected)
    if (!(await this.readLog(base, name, Math.min(size, active?.logBytes ?? size), indexes))) return
    for (const { suffix, offset, what } of indexes?.finish() ?? []) this.find(nameOf(base, suffix), offset, what, true)
  }

  /** A segment goes on where the one before it ended; compaction leaves each its end. */
  private join(base: number, name: string): void {
    const { row } = this.of
    if (this.isBroken) this.next = base
    this.isBroken = false
    if (base === this.next || row === undefined) return
    this.miss(name, `it begins at offset ${base}, and the segment before it ends at ${this.next}`)
    this.next = base
  }

  /** False when it is damaged; then `next` is where the damage begins. */
  private async readLog(base: number, name: string, endBytes: number, indexes: IndexCheck | null): Promise<boolean> {
    const file = this.disk.open(`${this.of.path}/${name}`)
    this.next = Math.max(this.next, base)
    try {
      for await (const { position, bytes } of segmentBatches(file, endBytes)) {
        const header = headerOf(bytes)
        const flaw = typeof header === 'string' ? header : this.flawOf(header)
        if (flaw !== null) {
          this.miss(name, `${flaw} (byte ${position})`)
          this.isBroken = true
          return false
        }
        this.take(header as BatchHeader, bytes, base)
        indexes?.add(bytes, position)
      }
      return true
    } finally {
      file.close()
    }
  }

  private flawOf({ baseOffset, leaderEpoch }: BatchHeader): string | null {
    const { row } = this.of
    if (baseOffset < this.next || (baseOffset > this.next && row !== undefined && baseOffset > (row.gapsBelow ?? 0)))
      return `a batch of offset ${baseOffset} stands where ${this.next} belongs`
    const epoch = row?.folder.epochs.findLast(([, start]) => start <= baseOffset)?.[0]
    if (epoch === undefined || epoch === leaderEpoch || baseOffset < row!.startOffset) return null
    return `a batch of epoch ${leaderEpoch} stands in epoch ${epoch}`
  }

  private take(header: BatchHeader, bytes: Uint8Array, base: number): void {
    this.batches++
    this.records += header.count
    this.bytes += bytes.length
    this.next = lastOffsetOf(bytes, 0) + 1
    this.producers?.apply(header, bytes)
    const aborted = this.replay.add(bytes)
    if (aborted === null) return
    const list = this.aborted.get(base)
    if (list === undefined) this.aborted.set(base, [aborted])
    else list.push(aborted)
  }

  private verifySummaries(bases: readonly number[], row: PartitionCheckpoint): void {
    const { path, clean } = this.of
    const { active, epochs, transactionIndexes = [] } = row.folder
    const firstOffset = bases[0] ?? row.startOffset
    const context = { firstOffset, gapsBelow: row.gapsBelow ?? 0 }
    for (const base of bases.filter((one) => one <= active.baseOffset)) {
      const mark = transactionIndexes.find(([baseOffset]) => baseOffset === base)
      // What compaction has replaced since the checkpoint has another index: opening makes it again.
      if (!clean && mark !== undefined && base < active.baseOffset && context.gapsBelow > base) continue
      const flaw = verifyAborted(this.disk, path, base, mark, this.isWhole ? (this.aborted.get(base) ?? []) : null, context)
      if (flaw !== null) this.find(nameOf(base, 'txnindex'), flaw.offset, flaw.what, flaw.heals)
    }
    if (clean) this.verifyEpochs(epochs)
    this.verifyProducers(row, firstOffset)
  }

  /** Kafka's file of what the checkpoint says, too. */
  private verifyEpochs(epochs: PartitionCheckpoint['folder']['epochs']): void {
    const name = 'leader-epoch-checkpoint'
    const file = `${this.of.path}/${name}`
    if (this.disk.stat(file)?.kind !== 'file') this.find(name, null, 'it is missing')
    else if (Buffer.from(this.disk.readFile(file)).toString('utf8') !== epochCheckpoint(epochs))
      this.find(name, null, 'it says other epochs than the checkpoint')
  }

  private verifyProducers(row: PartitionCheckpoint, firstOffset: number): void {
    const name = nameOf(row.recoveryOffset, 'snapshot')
    const snapshot = row.producers ? this.readSnapshot(name) : []
    if (typeof snapshot === 'string') return this.find(name, row.recoveryOffset, snapshot, this.isWhole)
    if (this.producers === null || !this.isWhole) return
    const flaw = compareProducers(snapshot, this.producers.snapshot(), { ...row, firstOffset })
    if (flaw !== null) this.find(name, flaw.offset, flaw.what)
  }

  private readSnapshot(name: string): readonly ProducerSnapshotEntry[] | string {
    const file = `${this.of.path}/${name}`
    if (this.disk.stat(file)?.kind !== 'file') return 'it is missing'
    try {
      return decodeProducerSnapshot(this.disk.readFile(file), file)
    } catch (error) {
      return messageOf(error)
    }
  }

  /** Those that no checkpoint needs any more, too. */
  private verifySnapshots(): void {
    const { row, path } = this.of
    const needed = row?.producers === true ? nameOf(row.recoveryOffset, 'snapshot') : null
    for (const name of this.disk.list(path).filter((one) => /^\d{20}\.snapshot$/.test(one) && one !== needed)) {
      const found = this.readSnapshot(name)
      if (typeof found === 'string') this.find(name, Number(name.slice(0, 20)), found, row !== undefined)
    }
  }
}

function nameOf(base: number, suffix: string): string {
  return segmentPath('', base, suffix).slice(1)
}

/** The header of an intact batch, or what is wrong with it. */
function headerOf(bytes: Uint8Array): BatchHeader | string {
  try {
    checkBatch(bytes, 0, bytes.length)
    return readBatchHeader(bytes, 0)
  } catch (error) {
    return messageOf(error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
