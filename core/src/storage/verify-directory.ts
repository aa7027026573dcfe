import type { Disk } from '../base/disk.ts'
import { MillraceError } from '../base/errors.ts'
import { baseOffsetOf, lastOffsetOf, maxTimestampOf } from '../record/batch-header.ts'
import { checkBatch } from '../record/batch-validation.ts'
import { readCheckpoint, type Checkpoint } from './checkpoint.ts'
import { scanJournal } from './journal-scan.ts'
import { journalFiles, journalPath } from './journal.ts'
import { decodeProducerSnapshot } from './producer-snapshot.ts'
import { segmentBatches } from './segment-batches.ts'

/**
 * Reads everything in a data directory and reports what is damaged, without changing anything. After a crash the part of a
 * segment beyond its checkpoint is a copy of the journal and is not looked at.
 */
interface Finding {
  /** The file, below the directory. */
  readonly where: string
  readonly what: string
}

export interface Verification {
  readonly findings: readonly Finding[]
  readonly partitions: number
  readonly batches: number
  readonly bytes: number
}

export async function verifyDirectory(disk: Disk, folder: string): Promise<Verification> {
  const report = new Report(disk, folder)
  const checkpoint = report.attempt('millrace-checkpoint', () => readCheckpoint(disk, folder))
  if (checkpoint === undefined) return report.result()
  if (checkpoint === null)
    report.find('millrace-checkpoint', 'there is none: this is no data directory, or one that was never opened')
  else report.attempt('millrace-journal', () => verifyJournal(disk, folder, checkpoint))
  for (const name of disk.list(folder)) {
    if (/-\d+$/.test(name) && disk.stat(`${folder}/${name}`)?.kind === 'folder') await report.verifyPartition(name, checkpoint)
  }
  return report.result()
}

function verifyJournal(disk: Disk, folder: string, checkpoint: Checkpoint): void {
  const journals = Array.from({ length: journalFiles }, (_, index) => {
    const path = journalPath(folder, index)
    return index >= checkpoint.journal.files && disk.stat(path) === null ? Buffer.alloc(0) : Buffer.from(disk.readFile(path))
  })
  scanJournal(
    journals,
    checkpoint.salt,
    checkpoint.journal.blockBytes,
    { ...checkpoint.journal, epoch: checkpoint.epoch },
    () => {
      // Only the chain of the frames is looked at.
    },
  )
}

/** What is known of one batch, for the indexes. */
interface SeenBatch {
  readonly lastOffset: number
  readonly maxTimestamp: number
}

class Report {
  private readonly disk: Disk
  private readonly folder: string
  private readonly findings: Finding[] = []
  private partitions = 0
  private batches = 0
  private bytes = 0

  constructor(disk: Disk, folder: string) {
    this.disk = disk
    this.folder = folder
  }

  result(): Verification {
    const { findings, partitions, batches, bytes } = this
    return { findings, partitions, batches, bytes }
  }

  find(where: string, what: string): void {
    this.findings.push({ where, what })
  }

  attempt<T>(where: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      this.find(where, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  async verifyPartition(name: string, checkpoint: Checkpoint | null): Promise<void> {
    this.partitions++
    const row = checkpoint?.partitions.find(({ topic, partition }) => `${topic}-${partition}` === name)
    for (const file of this.disk.list(`${this.folder}/${name}`)) {
      const path = `${name}/${file}`
      const base = Number(file.slice(0, 20))
      const beyond = row !== undefined && base > row.folder.active.baseOffset
      if (file.endsWith('.snapshot'))
        this.attempt(path, () => decodeProducerSnapshot(this.disk.readFile(`${this.folder}/${path}`), path))
      if (!file.endsWith('.log') || beyond || (checkpoint !== null && row === undefined)) continue
      const active = row?.folder.active.baseOffset === base ? row.folder.active.logBytes : undefined
      await this.verifySegment(name, base, active)
    }
  }

  private async verifySegment(name: string, base: number, limit: number | undefined): Promise<void> {
    const stem = `${name}/${String(base).padStart(20, '0')}`
    if (this.disk.stat(`${this.folder}/${stem}.log.swap`) !== null) return // a crash left it to be replaced at the next open
    const size = this.disk.stat(`${this.folder}/${stem}.log`)!.sizeBytes
    if (limit !== undefined && size < limit) this.find(`${stem}.log`, `it has ${size} bytes, its checkpoint says ${limit}`)
    const seen = await this.verifyLog(`${stem}.log`, base, Math.min(limit ?? size, size))
    if (seen === null) return
    this.verifyOffsetIndex(`${stem}.index`, base, seen)
    this.verifyTimeIndex(`${stem}.timeindex`, base, seen)
  }

  /** The batches by position; null when the file is damaged. */
  private async verifyLog(path: string, base: number, endBytes: number): Promise<Map<number, SeenBatch> | null> {
    const file = this.disk.open(`${this.folder}/${path}`)
    const seen = new Map<number, SeenBatch>()
    let next = base
    try {
      for await (const { position, bytes } of segmentBatches(file, endBytes)) {
        checkBatch(bytes, 0, bytes.length)
        if (baseOffsetOf(bytes, 0) < next)
          throw new Error(`offset ${baseOffsetOf(bytes, 0)} at byte ${position} follows ${next - 1}`)
        next = lastOffsetOf(bytes, 0) + 1
        seen.set(position, { lastOffset: next - 1, maxTimestamp: maxTimestampOf(bytes, 0) })
        this.batches++
        this.bytes += bytes.length
      }
      return seen
    } catch (error) {
      this.find(
        path,
        `after offset ${next - 1}: ${error instanceof MillraceError || error instanceof Error ? error.message : String(error)}`,
      )
      return null
    } finally {
      file.close()
    }
  }

  private verifyOffsetIndex(path: string, base: number, seen: ReadonlyMap<number, SeenBatch>): void {
    const bytes = this.readIndex(path, 8)
    for (let at = 0; at < bytes.length; at += 8) {
      const offset = base + bytes.readInt32BE(at)
      const position = bytes.readInt32BE(at + 4)
      if (seen.get(position)?.lastOffset !== offset)
        return this.find(path, `entry ${at / 8} points offset ${offset} to byte ${position}, where it is not`)
    }
  }

  private verifyTimeIndex(path: string, base: number, seen: ReadonlyMap<number, SeenBatch>): void {
    const bytes = this.readIndex(path, 12)
    const times = new Map([...seen.values()].map(({ lastOffset, maxTimestamp }) => [lastOffset, maxTimestamp]))
    for (let at = 0; at < bytes.length; at += 12) {
      const timestamp = Number(bytes.readBigInt64BE(at))
      const offset = base + bytes.readInt32BE(at + 8)
      if (times.get(offset) !== timestamp)
        return this.find(path, `entry ${at / 12} gives time ${timestamp} for offset ${offset}, which has another`)
    }
  }

  private readIndex(path: string, entryBytes: number): Buffer {
    if (this.disk.stat(`${this.folder}/${path}`) === null) {
      this.find(path, 'it is missing')
      return Buffer.alloc(0)
    }
    const content = Buffer.from(this.disk.readFile(`${this.folder}/${path}`))
    if (content.length % entryBytes !== 0) this.find(path, `its size ${content.length} is no multiple of ${entryBytes}`)
    return content.subarray(0, content.length - (content.length % entryBytes))
  }
}
